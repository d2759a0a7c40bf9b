//! A member of a group, and what the classic protocol's bytes say of it.

use std::fmt;

use rdkafka::groups::GroupMemberInfo;

use crate::message::Partition;

/// A member of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Its member id, which the broker gives: another one each time that a client joins.
    pub id: String,
    /// How it calls itself (`client.id`).
    pub client: String,
    /// From where.
    pub host: String,
    /// The topics that it asks for, in the order in which it names them; `None` where the broker
    /// does not say, as while the group is rebalanced.
    pub subscribed: Option<Vec<String>>,
    /// The partitions that it was given, by topic and number; `None` where the broker does not say.
    pub assigned: Option<Vec<(String, Partition)>>,
}

impl fmt::Display for Member {
    /// `app-1 at /10.0.0.7`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.client, self.host)
    }
}

impl Member {
    /// As the broker describes it; what a group that is not stable has been given is not known.
    pub(super) fn described(info: &GroupMemberInfo, is_stable: bool) -> Self {
        let known = |bytes: Option<&[u8]>| is_stable.then(|| bytes.unwrap_or_default().to_vec());
        Self {
            id: info.id().to_owned(),
            client: info.client_id().to_owned(),
            host: info.client_host().to_owned(),
            subscribed: known(info.metadata()).and_then(|bytes| subscribed(&bytes)),
            assigned: known(info.assignment()).and_then(|bytes| assigned(&bytes)),
        }
    }
}

/// Bytes of Kafka's protocol, read from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, many: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(many)?;
        self.0 = rest;
        Some(taken)
    }

    fn int16(&mut self) -> Option<i16> {
        Some(i16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn int32(&mut self) -> Option<i32> {
        Some(i32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.int16()?).ok()?;
        Some(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    /// A list, each element of which takes at least two bytes.
    fn list<T>(&mut self, element: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let many = usize::try_from(self.int32()?).ok().filter(|many| *many <= self.0.len() / 2)?;
        (0..many).map(|_| element(self)).collect()
    }
}

/// The topics of a subscription (`ConsumerProtocolSubscription`). What newer versions add stands
/// behind them.
fn subscribed(bytes: &[u8]) -> Option<Vec<String>> {
    let mut bytes = Bytes(bytes);
    bytes.int16()?;
    bytes.list(Bytes::text)
}

/// The partitions of an assignment (`ConsumerProtocolAssignment`). Whoever was given nothing may
/// have no bytes at all.
fn assigned(bytes: &[u8]) -> Option<Vec<(String, Partition)>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    let mut bytes = Bytes(bytes);
    bytes.int16()?;
    let topics = bytes.list(|bytes| {
        let topic = bytes.text()?;
        let partitions = bytes.list(|bytes| u32::try_from(bytes.int32()?).ok())?;
        Some(partitions.into_iter().map(move |one| (topic.clone(), Partition(one))))
    })?;
    let mut all: Vec<_> = topics.into_iter().flatten().collect();
    all.sort();
    Some(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{assigned, subscribed};
    use crate::message::Partition;

    fn text(text: &str) -> Vec<u8> {
        let length = i16::try_from(text.len()).unwrap();
        [&length.to_be_bytes()[..], text.as_bytes()].concat()
    }

    fn assignment(topics: &[(&str, &[i32])]) -> Vec<u8> {
        let count = |many: usize| i32::try_from(many).unwrap().to_be_bytes();
        let mut bytes = [&1_i16.to_be_bytes()[..], &count(topics.len())].concat();
        for (topic, partitions) in topics {
            bytes.extend(text(topic));
            bytes.extend(count(partitions.len()));
            partitions.iter().for_each(|one| bytes.extend(one.to_be_bytes()));
        }
        // No data of the assignor's own.
        bytes.extend((-1_i32).to_be_bytes());
        bytes
    }

    #[test]
    fn partitions_are_read() {
        let bytes = assignment(&[("b", &[2, 0]), ("a", &[1]), ("none", &[])]);
        let of = |topic: &str, partition| (topic.to_owned(), Partition(partition));
        assert_eq!(assigned(&bytes), Some(vec![of("a", 1), of("b", 0), of("b", 2)]));
        assert_eq!(assigned(&assignment(&[])), Some(Vec::new()));
        assert_eq!(assigned(&[]), Some(Vec::new()));
    }

    #[test]
    fn topics_are_read_whatever_follows() {
        let bytes =
            [&3_i16.to_be_bytes()[..], &2_i32.to_be_bytes(), &text("a"), &text("b"), &[9, 9, 9]];
        assert_eq!(subscribed(&bytes.concat()), Some(vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn what_is_cut_off_or_no_assignment_is_not_known() {
        let whole = assignment(&[("topic", &[0, 1, 2])]);
        // The last four bytes are the assignor's.
        for end in 1..whole.len() - 4 {
            assert_eq!(assigned(&whole[..end]), None, "{end}");
        }
        let endless = [&1_i16.to_be_bytes()[..], &i32::MAX.to_be_bytes()].concat();
        assert_eq!((assigned(&endless), subscribed(&endless)), (None, None));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = (assigned(&bytes), subscribed(&bytes));
        }
    }
}
