//! Meta: audiences of hashed members.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{audience_counts, list, text};
use crate::sync::server::{Call, Reply, World};

#[derive(Default)]
pub struct Meta {
    audiences: BTreeMap<String, (String, BTreeSet<String>)>,
    poison: Vec<String>,
    unusable: Vec<String>,
}

impl Meta {
    /// One that takes members of this hash and can do nothing with them.
    pub fn ignoring(hash: String) -> Self {
        Self {
            unusable: vec![hash],
            ..Self::default()
        }
    }

    /// One that refuses every request in which a member has this hash.
    pub fn refusing(hash: String) -> Self {
        Self {
            poison: vec![hash],
            ..Self::default()
        }
    }
}

fn fault(code: i64, message: &str) -> Reply {
    Reply::json(
        400,
        &json!({"error": {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "x"}}),
    )
}

impl World for Meta {
    fn answer(&mut self, call: &Call) -> Reply {
        if call.authorization != "Bearer secret-TOKEN" {
            return self.expired();
        }
        let parts = call.parts();
        assert_eq!(parts[0], "v25.0");
        match (call.method.as_str(), &parts[1..]) {
            ("GET", ["act_77"]) => Reply::json(200, &json!({"id": "act_77", "name": "Ads"})),
            ("GET", ["act_77", "customaudiences"]) => {
                let data: Vec<Value> = self
                    .audiences
                    .iter()
                    .map(|(id, (name, _))| json!({"id": id, "name": name, "subtype": "CUSTOM"}))
                    .collect();
                Reply::json(200, &json!({"data": data}))
            }
            ("POST", ["act_77", "customaudiences"]) => {
                let id = format!("{}", 9000 + self.audiences.len());
                let name = text(&call.body, "/name").unwrap().to_owned();
                self.audiences.insert(id.clone(), (name, BTreeSet::new()));
                Reply::json(200, &json!({"id": id}))
            }
            (method @ ("POST" | "DELETE"), [id, "users"]) => {
                let rows = list(&call.body, "/payload/data");
                let schema = list(&call.body, "/payload/schema");
                assert!(
                    rows.iter()
                        .all(|row| row.as_array().unwrap().len() == schema.len())
                );
                assert!(call.body["session"]["session_id"].is_u64());
                let members: Vec<String> = rows
                    .iter()
                    .map(|row| row[0].as_str().unwrap().to_owned())
                    .collect();
                if members.iter().any(|member| self.poison.contains(member)) {
                    return fault(100, "Invalid parameter");
                }
                let Some((_, known)) = self.audiences.get_mut(*id) else {
                    return fault(100, "no such audience");
                };
                let (unusable, usable): (Vec<&String>, Vec<&String>) =
                    members.iter().partition(|member| self.unusable.contains(member));
                for member in usable {
                    assert_eq!(member.len(), 64, "hashed");
                    if method == "POST" {
                        known.insert(member.clone());
                    } else {
                        known.remove(member);
                    }
                }
                Reply::json(
                    200,
                    &json!({"audience_id": id, "session_id": "1", "num_received": rows.len(), "num_invalid_entries": unusable.len(), "invalid_entry_samples": {}}),
                )
            }
            other => panic!("{other:?}"),
        }
    }

    fn is_write(&self, call: &Call) -> bool {
        call.path.ends_with("/users")
    }

    fn state(&self) -> BTreeMap<String, Value> {
        let mut state: BTreeMap<String, Value> = BTreeMap::new();
        for (name, members) in self.audiences.values() {
            for member in members {
                state.insert(member.clone(), json!([name]));
            }
        }
        state
    }

    fn counts(&self) -> BTreeMap<String, usize> {
        let audiences = self.audiences.values();
        audience_counts(audiences.flat_map(|(name, members)| members.iter().map(move |_| name)))
    }

    fn expired(&self) -> Reply {
        fault(
            190,
            "Error validating access token secret-TOKEN: session has expired",
        )
    }

    fn hollow(&self) -> Option<Reply> {
        Some(Reply::json(
            200,
            &json!({"audience_id": "9000", "num_received": 0, "num_invalid_entries": 0}),
        ))
    }
}
