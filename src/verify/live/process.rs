//! The implementation's own process, where quintet starts it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::Stop;
use super::probe::quoted;
use crate::kafka::{Deadline, pause};

/// How many of its last lines are kept.
const LINES: usize = 400;
/// How many of them are shown.
const SHOWN: usize = 8;
/// What stands in the first line of what a program says as it dies, in the languages of the field.
const LAST_WORDS: [&str; 7] =
    ["panic: ", "panicked at", "fatal", "Traceback", "Exception", "Unhandled", "Segmentation"];
/// How long it may take to end when asked to.
const GRACE: Duration = Duration::from_secs(5);

/// How the process is started.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    /// A line for `sh`, placeholders filled in.
    pub(super) line: String,
    /// Variables besides those of this process.
    pub(super) variables: Vec<(String, String)>,
}

/// A process that runs the implementation, with all that it started.
pub(super) struct Process {
    child: Child,
    last_lines: Arc<Mutex<VecDeque<String>>>,
}

impl Launch {
    /// The line of `--command`, with `{bootstrap}` and `{group}` filled in.
    pub(super) fn new(
        command: &str,
        (bootstrap, group): (&str, &str),
        topics: Vec<(String, String)>,
    ) -> Self {
        let line = filled(command, &[("{bootstrap}", bootstrap), ("{group}", group)]);
        let mut variables = topics;
        variables.push(("BOOTSTRAP_SERVERS".to_owned(), bootstrap.to_owned()));
        Self { line, variables }
    }

    /// Starts it, in a process group of its own, so that all of it can be killed.
    pub(super) fn start(&self, stop: &Stop) -> std::io::Result<Process> {
        let mut child = Command::new("sh")
            .args(["-c", &self.line])
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        stop.child.store(child.id(), Ordering::Relaxed);
        let last_lines = Arc::new(Mutex::new(VecDeque::new()));
        let outputs: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|out| Box::new(out) as _),
            child.stderr.take().map(|out| Box::new(out) as _),
        ];
        for output in outputs.into_iter().flatten() {
            let lines = Arc::clone(&last_lines);
            keep_lines(output, lines);
        }
        Ok(Process { child, last_lines })
    }
}

/// A line for `sh` with values in the place of names. A value is part of the word in which it
/// stands, whatever is in it: it is quoted as that place needs it.
fn filled(line: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut within = None;
    let mut rest = line;
    while let Some(next) = rest.chars().next() {
        if let Some((name, value)) = values.iter().find(|(name, _)| rest.starts_with(name)) {
            filled.push_str(&match within {
                None => quoted(value),
                Some('\'') => value.replace('\'', "'\\''"),
                Some(_) => escaped(value),
            });
            rest = &rest[name.len()..];
            continue;
        }
        let is_escape = next == '\\' && within != Some('\'');
        within = match within {
            None if matches!(next, '\'' | '"') => Some(next),
            Some(quote) if quote == next => None,
            same => same,
        };
        let taken = rest.chars().take(if is_escape { 2 } else { 1 }).map(char::len_utf8).sum();
        filled.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    filled
}

/// A text between the double quotes of a shell.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Reads what a process writes, so that it never waits for a reader, and keeps the last of it.
fn keep_lines(output: Box<dyn Read + Send>, lines: Arc<Mutex<VecDeque<String>>>) {
    std::thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if let Ok(mut lines) = lines.lock() {
                if lines.len() == LINES {
                    lines.pop_front();
                }
                lines.push_back(text);
            }
        }
    });
}

impl Process {
    /// How it ended, if it did.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// The last lines that it wrote: from the first on that says that it dies, where one does.
    pub(super) fn last_lines(&self) -> Vec<String> {
        let lines = self.last_lines.lock();
        let lines: Vec<_> = lines.map(|lines| lines.iter().cloned().collect()).unwrap_or_default();
        let told = |line: &&String| !line.trim().is_empty();
        let lines: Vec<_> = lines.iter().filter(told).cloned().collect();
        let says = |line: &String| LAST_WORDS.iter().any(|words| line.contains(words));
        let from = lines.iter().position(says).unwrap_or(lines.len().saturating_sub(SHOWN));
        lines.into_iter().skip(from).take(SHOWN).collect()
    }

    /// Ends it and all that it started, at once (`kill -9`).
    pub(super) fn kill(&mut self) {
        self.signal(Signal::KILL);
        // It is gone, or was gone already.
        let _ = self.child.wait();
    }

    /// Asks it to end, and ends it when it does not.
    pub(super) fn stop(&mut self) {
        self.signal(Signal::TERM);
        let deadline = Deadline::after(GRACE);
        while self.ended().is_none() && !deadline.is_over() {
            pause(Duration::from_millis(20));
        }
        self.kill();
    }

    fn signal(&self, signal: Signal) {
        signal_group(self.child.id(), signal);
    }
}

/// Kills the group of a process; 0 is none.
pub(super) fn kill_group(leader: u32) {
    signal_group(leader, Signal::KILL);
}

fn signal_group(leader: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        // A group that is gone needs no signal.
        let _ = kill_process_group(pid, signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    use super::{Launch, Stop, pause};
    use crate::kafka::Deadline;

    fn launch(line: &str) -> Launch {
        Launch::new(line, ("127.0.0.1:9", "A Group"), vec![("TOPIC".to_owned(), "t".to_owned())])
    }

    #[test]
    fn placeholders_and_variables_reach_it() {
        let line = "echo '{bootstrap} {group}' $BOOTSTRAP_SERVERS $TOPIC; exit 3";
        let mut process = launch(line).start(&Stop::default()).unwrap();
        let deadline = Deadline::after(Duration::from_secs(300));
        while process.last_lines().is_empty() && !deadline.is_over() {
            pause(Duration::from_millis(5));
        }
        assert_eq!(process.last_lines(), ["127.0.0.1:9 A Group 127.0.0.1:9 t"]);
        process.stop();
    }

    #[rstest]
    #[case::bare("printf '<%s>' --group ban={group}", "<--group><ban=A 'B' \"C\" $HOME \\D>")]
    #[case::single("printf '<%s>' 'group={group}'", "<group=A 'B' \"C\" $HOME \\D>")]
    #[case::double("printf '<%s>' \"it's {group}\"", "<it's A 'B' \"C\" $HOME \\D>")]
    #[case::after_escapes("printf '<%s>' \\' \"\\\"\" {group}", "<'><\"><A 'B' \"C\" $HOME \\D>")]
    #[case::other_braces("printf '<%s>' {groups} ${group}", "<{groups}><$A 'B' \"C\" $HOME \\D>")]
    fn a_value_stays_within_its_word(#[case] line: &str, #[case] said: &str) {
        let group = "A 'B' \"C\" $HOME \\D";
        let launch = Launch::new(line, ("127.0.0.1:9", group), Vec::new());
        let mut shell = std::process::Command::new("sh");
        let output = shell.args(["-c", &launch.line]).output().expect("there is a shell");
        assert_eq!(String::from_utf8_lossy(&output.stdout), said, "{}", launch.line);
    }

    #[test]
    fn what_it_says_as_it_dies_is_shown_from_its_first_line_on() {
        let line = "for n in $(seq 30); do echo line $n; done; echo 'panic: no'; seq 30; echo end";
        let mut process = launch(line).start(&Stop::default()).unwrap();
        let deadline = Deadline::after(Duration::from_secs(10));
        while process.last_lines().first().is_none_or(|line| line != "panic: no")
            && !deadline.is_over()
        {
            pause(Duration::from_millis(5));
        }
        while process.ended().is_none() && !deadline.is_over() {
            pause(Duration::from_millis(5));
        }
        assert_eq!(process.last_lines(), ["panic: no", "1", "2", "3", "4", "5", "6", "7"]);
    }

    #[test]
    fn what_it_started_is_killed_with_it() {
        let mut process = launch("sleep 1000 & echo $!; wait").start(&Stop::default()).unwrap();
        let deadline = Deadline::after(Duration::from_secs(300));
        while process.last_lines().is_empty() && !deadline.is_over() {
            pause(Duration::from_millis(5));
        }
        let child = process.last_lines()[0].clone();
        let state = || std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        // Until it has become another program, it is still called as the shell is.
        while !state().contains("sleep") && !deadline.is_over() {
            pause(Duration::from_millis(5));
        }
        assert!(state().contains("sleep"));
        process.kill();
        let gone = |state: String| state.is_empty() || state.contains(") Z ");
        while !gone(state()) && !deadline.is_over() {
            pause(Duration::from_millis(5));
        }
        assert!(gone(state()));
    }
}
