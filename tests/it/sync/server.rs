//! A service on loopback: a world that answers as the real one does, with faults on the way.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Value, json};

/// A request as a world sees it.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub authorization: String,
    pub body: Value,
    pub bytes: usize,
}

impl Call {
    /// The parts of the path.
    pub fn parts(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }
}

/// What a world answers.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: Bytes::from(body.to_string()),
        }
    }

    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    pub fn text(status: u16, text: &str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::from(text.to_owned()),
        }
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// A service with all that it keeps.
pub trait World: Send {
    /// Answers a call, and does what it asks.
    fn answer(&mut self, call: &Call) -> Reply;

    /// Whether a call changes something: only such calls meet faults.
    fn is_write(&self, call: &Call) -> bool;

    /// What the service knows, in the form that the suite compares.
    fn state(&self) -> std::collections::BTreeMap<String, Value>;

    /// How many contacts, members of audiences (`audience NAME`) and events (`event NAME`) the service keeps.
    fn counts(&self) -> std::collections::BTreeMap<String, usize>;

    /// The answer of a token that is no longer good.
    fn expired(&self) -> Reply;

    /// The answer that looks well and wrote nothing; none where the service's plain answers are no better.
    fn hollow(&self) -> Option<Reply>;

    /// How many writes said again what had been said.
    fn repeated(&self) -> usize {
        0
    }
}

/// What happens to one write.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Nothing.
    None,
    /// This answer instead; the world does not hear of the call.
    Instead(Reply),
    /// The world does what is asked, but the connection breaks before the answer.
    BrokenAfter,
    /// The connection breaks before anything is done.
    BrokenBefore,
    /// Nobody ever answers.
    Silence,
    /// The world does what is asked, and half of its answer arrives.
    HalfAnswer,
    /// The token has expired, from now on.
    Expired,
}

struct Inside {
    world: Box<dyn World>,
    faults: VecDeque<Fault>,
    expired: bool,
    writes: usize,
    calls: Vec<Call>,
}

/// A running server.
pub struct Server {
    pub url: String,
    inside: Arc<Mutex<Inside>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub async fn start(world: Box<dyn World>) -> Self {
        Self::start_on(0, world).await
    }

    /// Starts on a port of one's choice.
    pub async fn start_on(port: u16, world: Box<dyn World>) -> Self {
        let inside = Arc::new(Mutex::new(Inside {
            world,
            faults: VecDeque::new(),
            expired: false,
            writes: 0,
            calls: Vec::new(),
        }));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(handle).with_state(Arc::clone(&inside));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, inside, task }
    }

    /// The faults of the next writes, in order.
    pub fn plan(&self, faults: impl IntoIterator<Item = Fault>) {
        self.inside.lock().unwrap().faults.extend(faults);
    }

    /// Makes the token good again, and forgets planned faults.
    pub fn mend(&self) {
        let mut inside = self.inside.lock().unwrap();
        inside.expired = false;
        inside.faults.clear();
    }

    pub fn state(&self) -> std::collections::BTreeMap<String, Value> {
        self.inside.lock().unwrap().world.state()
    }

    pub fn counts(&self) -> std::collections::BTreeMap<String, usize> {
        self.inside.lock().unwrap().world.counts()
    }

    pub fn writes(&self) -> usize {
        self.inside.lock().unwrap().writes
    }

    pub fn repeated(&self) -> usize {
        self.inside.lock().unwrap().world.repeated()
    }

    pub fn hollow(&self) -> Option<Reply> {
        self.inside.lock().unwrap().world.hollow()
    }

    pub fn calls(&self) -> Vec<Call> {
        self.inside.lock().unwrap().calls.clone()
    }
}

async fn handle(State(inside): State<Arc<Mutex<Inside>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let raw = to_bytes(body, usize::MAX).await.unwrap();
    let is_gzip = parts
        .headers
        .get("content-encoding")
        .is_some_and(|value| value == "gzip");
    let bytes = if is_gzip { gunzip(&raw) } else { raw.to_vec() };
    let call = Call {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        authorization: parts
            .headers
            .get("authorization")
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default(),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
        bytes: bytes.len(),
    };
    if call.path == "/__state" {
        let world = &inside.lock().unwrap().world;
        let told = json!({"counts": world.counts(), "state": world.state()});
        return render(Reply::json(200, &told), None);
    }
    let (fault, reply) = decide(&mut inside.lock().unwrap(), &call);
    match fault {
        Fault::Silence => {
            tokio::time::sleep(Duration::from_mins(1)).await;
            render(reply, None)
        }
        Fault::BrokenAfter | Fault::BrokenBefore => render(reply, Some(0)),
        Fault::HalfAnswer => {
            let half = reply.body.len() / 2;
            let cut = reply.body.slice(..half);
            render(Reply { body: cut, ..reply }, None)
        }
        _ => render(reply, None),
    }
}

fn decide(inside: &mut Inside, call: &Call) -> (Fault, Reply) {
    inside.calls.push(call.clone());
    let is_write = inside.world.is_write(call);
    let fault = if is_write {
        inside.faults.pop_front().unwrap_or(Fault::None)
    } else {
        Fault::None
    };
    inside.expired |= matches!(fault, Fault::Expired);
    if inside.expired {
        return (Fault::None, inside.world.expired());
    }
    match fault {
        Fault::Instead(reply) => (Fault::None, reply),
        Fault::Silence | Fault::BrokenBefore => (fault, Reply::empty(200)),
        fault => {
            inside.writes += usize::from(is_write);
            (fault, inside.world.answer(call))
        }
    }
}

/// Writes a reply; a broken one promises a body and closes the connection instead.
fn render(reply: Reply, broken_after: Option<usize>) -> Response {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    let body = match broken_after {
        None => Body::from(reply.body),
        Some(_) => Body::from_stream(futures::stream::iter([
            Ok(Bytes::from_static(b"{")),
            Err(std::io::Error::other("reset")),
        ])),
    };
    response.body(body).unwrap()
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut text).unwrap();
    text
}

/// The body of an error as most services write it.
pub fn error(message: &str) -> Value {
    json!({"status": "error", "message": message})
}
