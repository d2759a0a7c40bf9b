//! Headers: the tenant, the trace, and whatever else a record carries.
//!
//! What always holds: a list of headers goes in and comes out with the same names and bytes (order
//! means nothing), also where it is malformed or repeats a name.

use std::fmt::{self, Write as _};
use std::hash::Hasher;
use std::sync::Arc;

use rustc_hash::FxHasher;
use uuid::Uuid;
use xxhash_rust::xxh3::Xxh3;

/// One header; Kafka allows a null value and repeated names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name, e.g. `TENANT_ID`.
    pub name: Arc<str>,
    /// The bytes.
    pub value: Option<Arc<[u8]>>,
}

impl Header {
    /// A header with a value.
    #[must_use]
    pub fn new(name: &str, value: &[u8]) -> Self {
        Self { name: name.into(), value: Some(value.into()) }
    }
}

/// Whose record it is: the whole quadruple. State of different tenants never mixes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tenant {
    /// `TENANT_ID`
    pub id: Uuid,
    /// `REGION`, e.g. `GMS`
    pub region: Arc<str>,
    /// `MAJOR_VERSION`
    pub major: u16,
    /// `MINOR_VERSION`
    pub minor: u16,
}

/// Why a record has no tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum HeaderProblem {
    /// A header is not there, or null.
    #[error("header {0} is missing")]
    Missing(&'static str),
    /// A header is there but not encoded as documented.
    #[error("header {0} is malformed")]
    Malformed(&'static str),
    /// A header is there more than once.
    #[error("header {0} is there more than once")]
    Repeated(&'static str),
}

/// W3C trace context, version 00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceParent {
    /// The trace that all causes and effects share; never 0.
    pub trace: u128,
    /// The span of this record; never 0.
    pub span: u64,
    /// Flags, 01 is *sampled*.
    pub flags: u8,
}

impl TraceParent {
    /// Reads `00-<32 hex>-<16 hex>-<2 hex>`, lower case; `None` for any other text.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() == 55)?;
        let lower_hex = |at: std::ops::Range<usize>| {
            let digits = text.get(at)?;
            let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            digits.bytes().all(lower).then_some(digits)
        };
        let dashes = [2, 35, 52].iter().all(|at| bytes[*at] == b'-');
        let (version, trace) = (lower_hex(0..2)?, lower_hex(3..35)?);
        let (span, flags) = (lower_hex(36..52)?, lower_hex(53..55)?);
        let parsed = Self {
            trace: u128::from_str_radix(trace, 16).ok()?,
            span: u64::from_str_radix(span, 16).ok()?,
            flags: u8::from_str_radix(flags, 16).ok()?,
        };
        (dashes && version == "00" && parsed.trace != 0 && parsed.span != 0).then_some(parsed)
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags)
    }
}

/// The headers of a record. Those that effects share with their cause are stored once.
#[derive(Clone, Debug)]
pub struct Headers {
    shared: Arc<Shared>,
    trace: Option<TraceParent>,
}

#[derive(Debug)]
struct Shared {
    list: Vec<Header>,
    tenant: Result<Tenant, HeaderProblem>,
    hash: u128,
    /// Nothing but what an effect carries over.
    inherited: bool,
    /// The four tenant headers as they are usually written, and nothing else.
    only_tenant: bool,
}

const TRACE_PARENT: &str = "traceparent";
const TRACE_STATE: &str = "tracestate";
const TENANT: [&str; 4] = ["TENANT_ID", "REGION", "MAJOR_VERSION", "MINOR_VERSION"];

/// Whether a header is one of the four that say whose record it is.
pub(crate) fn is_tenant_header(name: &str) -> bool {
    TENANT.contains(&name)
}

impl Headers {
    /// Takes a list as it came.
    #[must_use]
    pub fn from_list(mut list: Vec<Header>) -> Self {
        let is_trace = |header: &Header| &*header.name == TRACE_PARENT;
        let mut trace = None;
        if list.iter().filter(|header| is_trace(header)).count() == 1 {
            let at = list.iter().position(is_trace).unwrap_or_default();
            trace = list[at].value.as_deref().and_then(TraceParent::parse);
            if trace.is_some() {
                list.remove(at);
            }
        }
        Self { shared: Arc::new(Shared::new(list)), trace }
    }

    /// The headers of a record of `tenant` that starts a trace.
    #[must_use]
    pub fn of_tenant(tenant: &Tenant, trace: TraceParent) -> Self {
        let id = tenant.id.hyphenated().to_string();
        let list = vec![
            Header::new(TENANT[0], id.as_bytes()),
            Header::new(TENANT[1], tenant.region.as_bytes()),
            Header::new(TENANT[2], &tenant.major.to_be_bytes()),
            Header::new(TENANT[3], &tenant.minor.to_be_bytes()),
        ];
        Self { shared: Arc::new(Shared::new(list)), trace: Some(trace) }
    }

    /// The headers of what a record with these headers causes: the same tenant (and `tracestate`
    /// with its trace), under `trace`.
    #[must_use]
    pub fn of_effect(&self, trace: TraceParent) -> Self {
        if self.shared.inherited {
            return Self { shared: Arc::clone(&self.shared), trace: Some(trace) };
        }
        let keeps_state = self.trace.is_some();
        let carried = |header: &&Header| {
            TENANT.contains(&&*header.name) || (keeps_state && &*header.name == TRACE_STATE)
        };
        let list = self.shared.list.iter().filter(carried).cloned().collect();
        Self { shared: Arc::new(Shared::new(list)), trace: Some(trace) }
    }

    /// The tenant.
    ///
    /// # Errors
    /// The first of the four headers that is missing, malformed or repeated.
    pub fn tenant(&self) -> Result<&Tenant, HeaderProblem> {
        self.shared.tenant.as_ref().map_err(|problem| *problem)
    }

    /// Whether these headers may be meant for a tenant that they do not name: its id stands there,
    /// or none that can be read and nothing else that speaks of another tenant.
    #[must_use]
    pub(crate) fn are_nearly(&self, tenant: &Tenant) -> bool {
        let one = |name: &str| {
            let mut found = self.shared.list.iter().filter(|header| &*header.name == name);
            found.next().and_then(|header| header.value.as_deref())
        };
        let id = one(TENANT[0]).and_then(|bytes| Uuid::try_parse_ascii(bytes).ok());
        if let Some(id) = id {
            return id == tenant.id;
        }
        let region = one(TENANT[1]).filter(|region| !region.is_empty());
        let version = |name: &str, own: u16| {
            let bytes = one(name).and_then(|bytes| <[u8; 2]>::try_from(bytes).ok());
            bytes.is_none_or(|bytes| u16::from_be_bytes(bytes) == own)
        };
        region.is_none_or(|region| region == tenant.region.as_bytes())
            && version(TENANT[2], tenant.major)
            && version(TENANT[3], tenant.minor)
    }

    /// Whether these are the four tenant headers, well formed and with the id in lower case, and at
    /// most a trace besides.
    #[must_use]
    pub fn only_tenant(&self) -> bool {
        self.shared.only_tenant
    }

    /// The trace; `None` where `traceparent` is missing, malformed or repeated.
    #[must_use]
    pub fn trace(&self) -> Option<TraceParent> {
        self.trace
    }

    /// All headers; `traceparent` last where it is well formed.
    #[must_use]
    pub fn to_list(&self) -> Vec<Header> {
        let mut list = self.shared.list.clone();
        if let Some(trace) = self.trace {
            list.push(Header::new(TRACE_PARENT, trace.to_string().as_bytes()));
        }
        list
    }

    /// Visits each header but a well-formed `traceparent` (see [`Headers::trace`]).
    pub fn iter_untraced(&self) -> impl Iterator<Item = &Header> {
        self.shared.list.iter()
    }

    /// A hash of the content, the same on every machine.
    #[must_use]
    pub fn content_hash(&self) -> u64 {
        let mut hasher = FxHasher::default();
        hasher.write_u128(self.shared.hash);
        if let Some(trace) = self.trace {
            hasher.write_u128(trace.trace);
            hasher.write_u64(trace.span);
            hasher.write_u8(trace.flags);
        }
        hasher.finish()
    }

    /// A hash of everything but the trace, with enough bits to stand for it: the same for all
    /// records of a cause's effects.
    #[must_use]
    pub fn shared_hash(&self) -> u128 {
        self.shared.hash
    }
}

impl Shared {
    fn new(list: Vec<Header>) -> Self {
        let mut hasher = Xxh3::new();
        for header in &list {
            // With their lengths, so that no two lists are written alike.
            for part in [Some(header.name.as_bytes()), header.value.as_deref()] {
                let length = part.and_then(|bytes| u64::try_from(bytes.len()).ok());
                hasher.update(&length.unwrap_or(u64::MAX).to_le_bytes());
                hasher.update(part.unwrap_or_default());
            }
        }
        let carried =
            |header: &Header| TENANT.contains(&&*header.name) || &*header.name == TRACE_STATE;
        let inherited = list.iter().all(carried);
        let tenant = read_tenant(&list);
        let upper = |header: &Header| {
            let bytes = header.value.as_deref().unwrap_or_default();
            &*header.name == TENANT[0] && bytes.iter().any(u8::is_ascii_uppercase)
        };
        Self {
            only_tenant: tenant.is_ok() && list.len() == TENANT.len() && !list.iter().any(upper),
            tenant,
            hash: hasher.digest128(),
            inherited,
            list,
        }
    }
}

fn read_tenant(list: &[Header]) -> Result<Tenant, HeaderProblem> {
    let one = |name: &'static str| {
        let mut found = list.iter().filter(|header| &*header.name == name);
        let value = found.next().and_then(|header| header.value.as_deref());
        match (value, found.next()) {
            (_, Some(_)) => Err(HeaderProblem::Repeated(name)),
            (Some(value), None) => Ok(value),
            (None, None) => Err(HeaderProblem::Missing(name)),
        }
    };
    let text = |name| std::str::from_utf8(one(name)?).map_err(|_| HeaderProblem::Malformed(name));
    let version = |name| {
        let bytes = <[u8; 2]>::try_from(one(name)?);
        bytes.map(u16::from_be_bytes).map_err(|_| HeaderProblem::Malformed(name))
    };
    let id = text(TENANT[0])?;
    let id = Uuid::try_parse(id).ok().filter(|_| id.len() == 36);
    let region = text(TENANT[1])?;
    if region.is_empty() {
        return Err(HeaderProblem::Malformed(TENANT[1]));
    }
    Ok(Tenant {
        id: id.ok_or(HeaderProblem::Malformed(TENANT[0]))?,
        region: region.into(),
        major: version(TENANT[2])?,
        minor: version(TENANT[3])?,
    })
}

impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.trace == other.trace && self.shared.list == other.shared.list
    }
}

impl Eq for Headers {}

impl fmt::Display for Tenant {
    /// `GMS 83.1 6f0c…`: enough to tell tenants of a run apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id.simple().to_string();
        write!(f, "{} {}.{} {}", self.region, self.major, self.minor, &id[..8])
    }
}

impl Header {
    /// The value as people read it: text where it is text, else hexadecimal.
    #[must_use]
    pub fn shown(&self) -> String {
        let Some(value) = &self.value else {
            return "null".to_owned();
        };
        match std::str::from_utf8(value) {
            Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
            _ => value.iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Header, HeaderProblem, Headers, Tenant, TraceParent};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn tenant() -> Tenant {
        Tenant { id: Uuid::from_u128(7), region: "GMS".into(), major: 83, minor: 1 }
    }

    const TRACE: TraceParent = TraceParent { trace: 1, span: 2, flags: 1 };

    #[test]
    fn a_tenant_is_written_and_read_back() {
        let list = Headers::of_tenant(&tenant(), TRACE).to_list();
        assert_eq!(list[2].value.as_deref(), Some(&[0, 83][..]));
        let headers = Headers::from_list(list);
        assert_eq!(headers.tenant(), Ok(&tenant()));
        assert_eq!(headers.trace(), Some(TRACE));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let mut list = Headers::of_tenant(&tenant(), TRACE).to_list();
        list[2] = Header::new("MAJOR_VERSION", b"83 ");
        let headers = Headers::from_list(list.clone());
        assert_eq!(headers.tenant(), Err(HeaderProblem::Malformed("MAJOR_VERSION")));
        list.remove(1);
        assert_eq!(Headers::from_list(list).tenant(), Err(HeaderProblem::Missing("REGION")));
    }

    #[test]
    fn damaged_headers_are_nearly_those_of_a_tenant() {
        let other = Tenant { id: Uuid::from_u128(8), ..tenant() };
        let another_version = Tenant { major: 95, ..tenant() };
        let whole = Headers::of_tenant(&tenant(), TRACE).to_list();
        let without = |at: usize| {
            let mut list = whole.clone();
            list.remove(at);
            Headers::from_list(list)
        };
        for at in 1..4 {
            assert!(without(at).are_nearly(&tenant()) && !without(at).are_nearly(&other));
        }
        // Without an id, everything else must be true of the tenant.
        assert!(without(0).are_nearly(&tenant()) && without(0).are_nearly(&other));
        assert!(!without(0).are_nearly(&another_version));
    }

    #[test]
    fn effects_keep_the_tenant_and_drop_the_rest() {
        let mut list = Headers::of_tenant(&tenant(), TRACE).to_list();
        list.push(Header::new("X-OTHER", b"1"));
        let effect = Headers::from_list(list).of_effect(TraceParent { span: 3, ..TRACE });
        assert_eq!(effect.to_list().len(), 5);
        assert_eq!(effect.tenant(), Ok(&tenant()));
    }

    proptest! {
        #[test]
        fn any_trace_text_is_kept(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let header = Header::new("traceparent", &bytes);
            let headers = Headers::from_list(vec![header.clone()]);
            prop_assert_eq!(headers.to_list(), vec![header]);
        }
    }
}
