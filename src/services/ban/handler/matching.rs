//! Whom a ban hits.

use std::net::IpAddr;

use super::{Entry, State};
use crate::service::Asked;
use crate::services::id;

/// Whom a ban names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Target {
    Ip(IpAddr),
    Network(Network),
    Hwid(Box<str>),
    Account(u32),
    /// A value that can match nobody, under the ban type it came with.
    Nobody(u8),
}

/// An IP network in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Network {
    address: IpAddr,
    prefix_bits: u32,
}

impl Target {
    pub(super) fn of(ban_type: u8, value: &str) -> Self {
        let target = match ban_type {
            0 => match value.parse() {
                Ok(address) => Some(Self::Ip(address)),
                Err(_) => Network::parse(value).map(Self::Network),
            },
            1 => (!value.is_empty()).then(|| Self::Hwid(value.into())),
            2 => value.parse().ok().filter(|account| *account != 0).map(Self::Account),
            _ => None,
        };
        target.unwrap_or(Self::Nobody(ban_type))
    }

    pub(super) fn ban_type(&self) -> u8 {
        match self {
            Self::Ip(_) | Self::Network(_) => 0,
            Self::Hwid(_) => 1,
            Self::Account(_) => 2,
            Self::Nobody(ban_type) => *ban_type,
        }
    }

    /// How soon the ban counts among those that hit the subject, 0 first; none if it does not.
    fn rank(&self, subject: &Subject<'_>) -> Option<u8> {
        let hit = match self {
            Self::Ip(address) => (0, subject.ip == Some(*address)),
            Self::Network(network) => (1, subject.ip.is_some_and(|ip| network.holds(ip))),
            Self::Hwid(hwid) => (2, subject.hwid == Some(&**hwid)),
            Self::Account(account) => (3, subject.account == Some(*account)),
            Self::Nobody(_) => (4, false),
        };
        hit.1.then_some(hit.0)
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let digits = bits.bytes().all(|byte| byte.is_ascii_digit());
        let prefix_bits = bits.parse().ok().filter(|bits| digits && *bits <= most)?;
        Some(Self { address, prefix_bits })
    }

    fn holds(&self, ip: IpAddr) -> bool {
        /// Whether the first `bits` of two numbers of `width` bits are the same.
        fn agree(a: u128, b: u128, bits: u32, width: u32) -> bool {
            (a ^ b).checked_shr(width - bits).unwrap_or(0) == 0
        }
        match (self.address, ip) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                agree(a.to_bits().into(), b.to_bits().into(), self.prefix_bits, 32)
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                agree(a.to_bits(), b.to_bits(), self.prefix_bits, 128)
            }
            _ => false,
        }
    }
}

/// Who is asked about; what is empty or 0 is not looked for.
pub(super) struct Subject<'a> {
    ip: Option<IpAddr>,
    hwid: Option<&'a str>,
    account: Option<u32>,
}

impl<'a> Subject<'a> {
    pub(super) fn of(ip: &str, hwid: &'a str, account: u32) -> Self {
        Self {
            ip: ip.parse().ok(),
            hwid: (!hwid.is_empty()).then_some(hwid),
            account: (account != 0).then_some(account),
        }
    }
}

/// Ranks a ban as a mistake has it; whether it counts at all.
fn mistaken(rank: &mut u8, asked: &Asked<'_>) -> bool {
    let ignored = match *rank {
        1 => "no-network",
        2 => "no-hwid",
        _ => "no-account",
    };
    if *rank > 0 && asked.violates(id::BAN_8, ignored) {
        return false;
    }
    if *rank == 3 && asked.violates(id::BAN_8, "account-first") {
        *rank = 0;
    }
    true
}

/// The active bans of the kind that counts, the oldest first.
pub(super) fn first<'s>(
    state: &'s State,
    subject: &Subject<'_>,
    (unix_s, asked): (i64, &Asked<'_>),
) -> Vec<(u32, &'s Entry)> {
    let active = state.bans.iter().filter(|(_, ban)| ban.is_active(unix_s));
    let hits = active.filter_map(|(id, ban)| Some((ban.target.rank(subject)?, *id, ban)));
    let mut hits: Vec<_> = hits.collect();
    if asked.mutation.is_some() {
        hits.retain_mut(|(rank, ..)| mistaken(rank, asked));
    }
    hits.sort_by_key(|(rank, id, _)| (*rank, *id));
    let counts = hits.first().map(|(rank, ..)| *rank);
    let hits = hits.into_iter().filter(|(rank, ..)| Some(*rank) == counts);
    hits.map(|(_, id, ban)| (id, ban)).collect()
}
