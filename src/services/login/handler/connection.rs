//! A game client's connection, and what the client sees of it.

use serde_json::json;

use crate::message::Json;
use crate::message::typed::Params;

/// A connected client.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Connection {
    pub(super) ip: Box<str>,
    pub(super) hwid: Box<str>,
    /// The account it is bound to.
    pub(super) account: Option<u32>,
    /// The last answer, where it was an error.
    pub(super) refusal: Option<Refusal>,
    /// Whether the client is being asked to accept the licence.
    pub(super) licence_asked: bool,
    /// Whether the session event CREATED waits for that.
    pub(super) owes_created: bool,
    /// Where the client was sent.
    handed_over: Option<Json>,
    /// The characters that were made while it was bound.
    pub(super) new_characters: Vec<u32>,
}

/// An error that a client sees.
#[derive(Clone, Debug, Hash)]
pub(super) struct Refusal {
    pub(super) code: Box<str>,
    pub(super) reason: u8,
    /// Unix seconds.
    pub(super) until: u64,
}

impl Connection {
    pub(super) fn new(ip: &str, hwid: &str) -> Self {
        Self { ip: ip.into(), hwid: hwid.into(), ..Self::default() }
    }

    pub(super) fn bind(&mut self, account_id: u32) {
        self.account = Some(account_id);
        self.refusal = None;
        self.licence_asked = false;
        self.owes_created = false;
    }

    /// Sends the client to the address, port and character that `params` name, as far as they do.
    pub(super) fn hand_over(&mut self, params: &Params<'_>) {
        let params = Json::parse(params.as_str().as_bytes()).unwrap_or_default();
        let named = ["address", "port", "characterId"].into_iter();
        let found = named.filter_map(|name| Some((name.to_owned(), params.get(name)?.clone())));
        self.handed_over = Some(Json::Object(found.collect()));
    }

    /// The connection as a query shows it.
    pub(super) fn shown(&self) -> Json {
        let error = self.refusal.as_ref().map(|refusal| {
            json!({ "code": refusal.code, "reason": refusal.reason, "until": refusal.until })
        });
        let shown = json!({
            "connected": true,
            "ip": self.ip,
            "hwid": self.hwid,
            "bound": self.account.is_some(),
            "accountId": self.account.unwrap_or_default(),
            "error": error,
            "licenceAsked": self.licence_asked,
            "newCharacter": self.new_characters.last(),
            "newCharacters": self.new_characters,
        });
        let mut shown = Json::from(shown);
        if let Json::Object(fields) = &mut shown {
            let handed_over = self.handed_over.clone().unwrap_or_default();
            fields.insert("handedOver".to_owned(), handed_over);
        }
        shown
    }
}
