//! Codes of running scenarios: what was expected did not hold, or could not be found out.

use super::CodeInfo;

pub(super) const CODES: &[CodeInfo] = &[
    CodeInfo {
        code: "expect::not-seen",
        title: "an expected record was not seen",
        explanation: "No unclaimed record matched within the time. The nearest one is shown \
                      with the fields that differ; below it stands what happened meanwhile.",
        example: None,
    },
    CodeInfo {
        code: "expect_all::too-few",
        title: "the records seen cannot all be given out",
        explanation: "Each expectation has a record that fits, but two of them need the same \
                      one. Each record is claimed once.",
        example: None,
    },
    CodeInfo {
        code: "expect_in_order::wrong-order",
        title: "the records came in another order",
        explanation: "Each expectation has a record that fits, but not in this order. Order \
                      counts within a partition; between partitions it is the order in which \
                      records were seen.",
        example: None,
    },
    CodeInfo {
        code: "never::seen",
        title: "a record was seen that must not be",
        explanation: "An unclaimed record matched, either before the step or while it \
                      waited.",
        example: None,
    },
    CodeInfo {
        code: "end::unclaimed",
        title: "a record is left that nothing expected",
        explanation: "At the end each record of the tenant must be claimed by an expectation \
                      or named under `allow`. What is left over is a duplicate or a stray, \
                      or the scenario forgot to expect it.",
        example: None,
    },
    CodeInfo {
        code: "always::broken",
        title: "a property does not hold of the whole history",
        explanation: "The records that break it are shown.",
        example: None,
    },
    CodeInfo {
        code: "rule::violated",
        title: "a rule about the services is broken",
        explanation: "The rule's id, its text and the document it rests on are shown. Rules \
                      are checked in every test, whatever the scenario expects.",
        example: None,
    },
    CodeInfo {
        code: "query::differs",
        title: "the answer of a query is not the one expected",
        explanation: "The service was asked again until the time was over. The last answer \
                      is shown with the fields that differ.",
        example: None,
    },
    CodeInfo {
        code: "query::refused",
        title: "a service did not answer a query",
        explanation: "The query's arguments were not what the service takes.",
        example: None,
    },
    CodeInfo {
        code: "stimulus::refused",
        title: "a service did not take a stimulus",
        explanation: "The state of the service does not allow it, or an argument is not what \
                      the service takes.",
        example: None,
    },
    CodeInfo {
        code: "fault::not-struck",
        title: "a fault was armed and never happened",
        explanation: "No delivery matched it before the end of the test, so the test did not \
                      test what it says.",
        example: None,
    },
    CodeInfo {
        code: "fault::not-here",
        title: "this fault cannot be made here",
        explanation: "Not each world can make each kind of fault.",
        example: None,
    },
    CodeInfo {
        code: "run::not-here",
        title: "what the test needs cannot be had here",
        explanation: "Some things can be had in the simulator only. The test was not run, which is \
                      not a pass.",
        example: None,
    },
    CodeInfo {
        code: "run::not-outside",
        title: "what the test needs cannot be had of an implementation",
        explanation: "With `--external` time is real, and a service that runs elsewhere is seen \
                      from outside only: a test that waits for longer than `--max-wait`, asks for \
                      schedules, crashes a service within, or needs a probe that is not there, is \
                      not run, which is not a pass. `--only-possible` leaves such tests out.",
        example: None,
    },
    CodeInfo {
        code: "run::ended",
        title: "an implementation ended while the test ran",
        explanation: "The process that a command started is gone. What it wrote last is shown; it \
                      is started again for the next test.",
        example: None,
    },
    CodeInfo {
        code: "run::timed-out",
        title: "the services or the broker took too long",
        explanation: "A wait on a broker ends when nothing is in hand any more. Here something \
                      was, and nothing new happened for so long that the test was given up: \
                      nothing can be said. What was seen until then is shown.",
        example: None,
    },
    CodeInfo {
        code: "run::lost",
        title: "the broker or a service is gone",
        explanation: "The broker does not answer any more, a service ended, or a record is not \
                      on the broker as it was sent. No test can be run after that.",
        example: None,
    },
    CodeInfo {
        code: "given::refused",
        title: "a service cannot use what is given",
        explanation: "A setting or an entry under `given` is not what the service takes.",
        example: None,
    },
    CodeInfo {
        code: "send::breaks-contract",
        title: "a record that was sent breaks the contract of who reads it",
        explanation: "The value became known only during the run. If that is what the test \
                      is about, say so with `breaks_contract: true`.",
        example: None,
    },
    CodeInfo {
        code: "send::failed",
        title: "a record could not be sent",
        explanation: "The message says what the world answered.",
        example: None,
    },
    CodeInfo {
        code: "send::no-channel",
        title: "a record was sent to a channel that does not exist",
        explanation: "The contracts of this run know no channel of that name.",
        example: None,
    },
    CodeInfo {
        code: "value::not-a-count",
        title: "a variable holds no count where `repeat` needs one",
        explanation: "The value is a whole number, 0 or more.",
        example: None,
    },
    CodeInfo {
        code: "value::not-a-duration",
        title: "a variable holds no duration where one is needed",
        explanation: "The value is text like `2s`, or a number of seconds.",
        example: None,
    },
    CodeInfo {
        code: "value::not-a-header",
        title: "a value cannot be written as this header",
        explanation: "The contract says how the header is encoded, and this value does not \
                      fit.",
        example: None,
    },
    CodeInfo {
        code: "value::not-an-id",
        title: "a variable holds no id where a key is made of one",
        explanation: "The value is a whole number from 0 to 4294967295.",
        example: None,
    },
    CodeInfo {
        code: "value::not-made",
        title: "a value could not be made",
        explanation: "A variable has no value at this point of the run, e.g. because \
                      `repeat` ran its steps not once.",
        example: None,
    },
    CodeInfo {
        code: "replay::not-possible",
        title: "the choices to be replayed do not fit this run",
        explanation: "A choice that was recorded cannot be made here: the scenario, the \
                      contracts or the services have changed since.",
        example: None,
    },
    CodeInfo {
        code: "run::no-end",
        title: "a run came to no end",
        explanation: "The services went on and on without the time moving, or took more \
                      steps than a run may take.",
        example: None,
    },
    CodeInfo {
        code: "run::no-world",
        title: "the world of a test could not be made",
        explanation: "The message says what was missing.",
        example: None,
    },
    CodeInfo {
        code: "run::stopped",
        title: "a run stopped before its end",
        explanation: "The message says what the world reported.",
        example: None,
    },
];
