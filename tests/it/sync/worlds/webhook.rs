//! An endpoint that keeps what it is sent, by key.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{list, text};
use crate::sync::server::{Call, Reply, World, error};

#[derive(Default)]
pub struct Webhook {
    rows: BTreeMap<String, Value>,
    seen: BTreeSet<String>,
    repeated: usize,
}

impl World for Webhook {
    fn answer(&mut self, call: &Call) -> Reply {
        if call.authorization != "Bearer secret-TOKEN" {
            return self.expired();
        }
        let mut rejected = Vec::new();
        let rows = list(&call.body, "/records");
        for row in rows {
            let (id, key) = (text(row, "/id").unwrap(), text(row, "/key").unwrap());
            if text(row, "/fields/name") == Some("poison") {
                rejected.push(json!({"id": id, "reason": format!("{key} will not do")}));
                continue;
            }
            self.repeated += usize::from(!self.seen.insert(id.to_owned()));
            if text(row, "/operation") == Some("remove") {
                self.rows.remove(key);
            } else {
                self.rows.insert(key.to_owned(), row["fields"].clone());
            }
        }
        Reply::json(
            200,
            &json!({"accepted": rows.len() - rejected.len(), "rejected": rejected}),
        )
    }

    fn is_write(&self, call: &Call) -> bool {
        call.method == "POST"
    }

    fn state(&self) -> BTreeMap<String, Value> {
        self.rows.clone()
    }

    fn counts(&self) -> BTreeMap<String, usize> {
        BTreeMap::from([("contacts".to_owned(), self.rows.len())])
    }

    fn expired(&self) -> Reply {
        Reply::json(401, &error("the token secret-TOKEN has expired"))
    }

    fn hollow(&self) -> Option<Reply> {
        Some(Reply::json(200, &json!({"accepted": 0})))
    }

    fn repeated(&self) -> usize {
        self.repeated
    }
}
