//! Codecs on paper: `fixtures/exchanges/<destination>/<case>.json` holds changes and a service's replies, and what is
//! asked and concluded. Adding a case takes a file with the first half; `HEADWATER_REVIEW=1` writes the second, to be
//! read before it is checked in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{TimeZone as _, Utc};
use headwater::host::Host;
use headwater::project::node::TemplateText;
use headwater::sync::{
    Batch, Change, Codec, Exchange, HeaderValue, Image, Operation, Outcome, Preparation, Record, RecordKey,
    Registry, Request, Response, RunShape, Settlement, Step, Verdict, load,
};
use serde_json::{Map, Value, json};

#[test]
fn every_exchange_goes_as_its_file_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/exchanges");
    let mut cases: Vec<PathBuf> = walkdir::WalkDir::new(&root)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.path().extension().is_some_and(|kind| kind == "json"))
        .map(walkdir::DirEntry::into_path)
        .collect();
    cases.sort();
    assert!(cases.len() >= 15, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for path in cases {
        let mut case: Value = serde_json::from_slice(&read(&path)).unwrap();
        let found = play(&case);
        if case["then"] != found {
            wrong.push(format!(
                "{}:\n{}",
                path.display(),
                serde_json::to_string_pretty(&found).unwrap()
            ));
            if std::env::var_os("HEADWATER_REVIEW").is_some() {
                case["then"] = found;
                let text = format!("{}\n", serde_json::to_string_pretty(&case).unwrap());
                let mut file = std::fs::File::create(&path).unwrap();
                std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::fs::File::open(path).unwrap(), &mut bytes).unwrap();
    bytes
}

/// Plays a case: the preparation, then one batch.
fn play(case: &Value) -> Value {
    let codec = codec(case);
    let shape = RunShape {
        generation: 0,
        columns: serde_json::from_value(case["columns"].clone()).unwrap_or_default(),
    };
    let mut table = Table {
        codec: codec.as_ref(),
        replies: case["replies"].as_array().unwrap().iter(),
        asked: Vec::new(),
    };
    let concluded = table
        .prepare(&shape)
        .and_then(|context| table.batch(case, &context));
    let concluded = concluded.unwrap_or_else(|verdict| json!({"stopped": verdict}));
    json!({"asked": table.asked, "concluded": concluded})
}

fn codec(case: &Value) -> std::sync::Arc<dyn Codec> {
    let with = |value: &Value, more: Value| {
        let mut members = more.as_object().unwrap().clone();
        members.extend(value.as_object().unwrap().clone());
        Value::Object(members)
    };
    let file = json!({
        "destinations": [with(&case["destination"], json!({"name": "out"}))],
        "syncs": [with(&case["sync"], json!({"name": "people", "model": "people", "destination": "out", "primary_key": "email"}))],
    });
    let folder = tempfile::tempdir().unwrap();
    let host = Host::fixed(instant(), BTreeMap::new(), folder.path().to_path_buf());
    host.write_atomic(&folder.path().join("syncs.yml"), file.to_string().as_bytes())
        .unwrap();
    let render = |_: &TemplateText| -> Result<Value, _> { unreachable!("no templates") };
    let folders = [folder.path().to_path_buf()];
    let (project, diagnostics) = load(&host, folder.path(), &folders, &Registry::standard(), &render);
    assert_eq!(diagnostics, []);
    let sync = project.syncs.values().next().unwrap();
    project.destination_of(sync).unwrap().service.codec(sync).unwrap()
}

fn instant() -> chrono::DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap()
}

/// A codec on one side, a service's replies on the other.
struct Table<'a> {
    codec: &'a dyn Codec,
    replies: std::slice::Iter<'a, Value>,
    asked: Vec<Value>,
}

impl Table<'_> {
    fn prepare(&mut self, shape: &RunShape) -> Result<Value, String> {
        let mut so_far = Vec::new();
        loop {
            match self.codec.prepare(shape, &so_far) {
                Preparation::Ready(context) => return Ok(context),
                Preparation::Impossible(reason) => return Err(reason),
                Preparation::Send(requests) => {
                    for request in requests {
                        so_far.push(self.ask(request)?);
                    }
                }
            }
        }
    }

    fn batch(&mut self, case: &Value, context: &Value) -> Result<Value, String> {
        let mut rows = Vec::new();
        let mut records = Vec::new();
        for change in case["changes"].as_array().unwrap() {
            let change = change_of(change);
            match self.codec.encode(&change) {
                Ok(payload) if payload.items == 0 => {
                    rows.push(json!({"nothing to send": change.key.expose()}));
                }
                Ok(payload) => records.push(Record {
                    change,
                    payload,
                    attempts: 0,
                }),
                Err(reason) => rows.push(json!({"rejected unsent": change.key.expose(), "reason": reason})),
            }
        }
        let batch = Batch {
            records: &records,
            context,
        };
        let mut so_far = Vec::new();
        while !records.is_empty() {
            match self.codec.next(&batch, &so_far) {
                Step::Done(outcomes) => {
                    rows.extend(records.iter().zip(&outcomes).map(told));
                    break;
                }
                Step::Send(requests) => {
                    for request in requests {
                        so_far.push(self.ask(request)?);
                    }
                }
            }
        }
        Ok(Value::Array(rows))
    }

    fn ask(&mut self, request: Request) -> Result<Exchange, String> {
        self.asked.push(shown(&request));
        let reply = self.replies.next().ok_or("no reply is left")?;
        let headers = reply["headers"].as_object().cloned().unwrap_or_default();
        let body = match &reply["body"] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            body => body.to_string(),
        };
        let response = Response {
            status: u16::try_from(reply["status"].as_u64().unwrap()).unwrap(),
            headers: headers
                .into_iter()
                .map(|(name, value)| (name, value.as_str().unwrap().to_owned()))
                .collect(),
            body: body.into(),
            received_at: instant(),
        };
        match self.codec.classify(&request, &response) {
            Verdict::Accept => Ok(Exchange { request, response }),
            verdict => Err(format!("{verdict:?}")),
        }
    }
}

fn told((record, outcome): (&Record, &Outcome)) -> Value {
    let key = record.change.key.expose();
    let mut row = match &outcome.result {
        Settlement::Delivered => json!({"delivered": key}),
        Settlement::Rejected(reason) => json!({"rejected": key, "reason": reason}),
        Settlement::Again(reason) => json!({"again": key, "reason": reason}),
    };
    if let Some(remote) = &outcome.remote {
        row["remember"] = remote.clone();
    }
    row
}

/// A request as the file shows it: credentials masked, JSON as JSON.
fn shown(request: &Request) -> Value {
    let headers: Map<String, Value> = request
        .all_headers()
        .map(|(name, value)| {
            let text = match value {
                HeaderValue::Plain(text) => text.clone(),
                HeaderValue::Hidden(_) => "***".to_owned(),
            };
            (name.to_owned(), text.into())
        })
        .collect();
    let body = serde_json::from_slice(&request.body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&request.body).into_owned()));
    json!({
        "purpose": request.purpose,
        "request": format!("{} {}", request.method.as_str(), request.url),
        "headers": headers,
        "body": body,
    })
}

fn change_of(value: &Value) -> Change {
    let image = |image: &Value| Image {
        fields: image["fields"].as_object().cloned().unwrap_or_default(),
        audiences: serde_json::from_value(image["audiences"].clone()).unwrap_or_default(),
    };
    Change {
        key: RecordKey::new(value["key"].as_str().unwrap()),
        operation: Operation::parse(value["operation"].as_str().unwrap()).unwrap(),
        now: image(&value["now"]),
        before: value.get("before").map(image),
        remote: value["remote"].clone(),
        epoch: value["epoch"].as_u64().unwrap_or_default(),
        digest: value["digest"].as_str().unwrap_or("d").to_owned(),
        old_digest: String::new(),
    }
}
