//! A vendor that answers as a test says, for what no simulator does.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// The token that it is called with; it does not look.
pub const TOKEN: &str = "token-of-the-scripted-vendor";

/// A request to the vendor.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// Below the base URL.
    pub path: String,
    /// Decoded.
    pub query: String,
    pub body: Value,
}

/// Another answer than the usual one.
type Otherwise = Box<dyn FnMut(&Asked) -> Option<(u16, Value)> + Send>;

/// The vendor.
pub struct Script {
    addr: SocketAddr,
    otherwise: Arc<Mutex<Otherwise>>,
    log: Arc<Mutex<Vec<Asked>>>,
    answered: Arc<Notify>,
}

impl Script {
    /// Answers with what `answer` gives: a status, and a body: none for `null`, a string as it is.
    pub async fn start(answer: impl FnMut(&Asked) -> (u16, Value) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let log: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let answer = Arc::new(Mutex::new(answer));
        let otherwise: Arc<Mutex<Otherwise>> = Arc::new(Mutex::new(Box::new(|_| None)));
        let struck = otherwise.clone();
        let answered: Arc<Notify> = Arc::default();
        let (shared, notify) = (log.clone(), answered.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, answer, notify) = (shared.clone(), answer.clone(), notify.clone());
                let struck = struck.clone();
                let service = service_fn(move |request| {
                    let (log, answer, notify) = (log.clone(), answer.clone(), notify.clone());
                    let struck = struck.clone();
                    async move {
                        let asked = read(request).await;
                        let other = struck.lock().unwrap()(&asked);
                        let (status, body) = other.unwrap_or_else(|| answer.lock().unwrap()(&asked));
                        log.lock().unwrap().push(asked);
                        notify.notify_one();
                        let bytes = match &body {
                            Value::Null => Bytes::new(),
                            Value::String(text) => Bytes::from(text.clone()),
                            body => Bytes::from(body.to_string()),
                        };
                        let reply = Response::builder().status(status);
                        let reply = reply.header("content-type", "application/scim+json");
                        Ok::<_, Infallible>(reply.body(Full::new(bytes)).unwrap())
                    }
                });
                let serving = hyper::server::conn::http1::Builder::new();
                tokio::spawn(serving.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { addr, otherwise, log, answered }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Answers otherwise from now on, where `answer` gives something.
    pub fn otherwise(&self, answer: impl FnMut(&Asked) -> Option<(u16, Value)> + Send + 'static) {
        *self.otherwise.lock().unwrap() = Box::new(answer);
    }

    /// Waits until something was asked.
    pub async fn until(&self, what: impl Fn(&Asked) -> bool) {
        while !self.log.lock().unwrap().iter().any(&what) {
            self.answered.notified().await;
        }
    }

    /// What was asked since the last time, taken out.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

async fn read(request: Request<Incoming>) -> Asked {
    let (head, body) = request.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let query = head.uri.query().unwrap_or_default().replace('+', " ");
    Asked {
        method: head.method.to_string(),
        path: percent_decode_str(head.uri.path()).decode_utf8_lossy().into_owned(),
        query: percent_decode_str(&query).decode_utf8_lossy().into_owned(),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    }
}

/// The message that carries resources.
pub fn list(resources: &[Value]) -> Value {
    page(resources.len(), 1, resources)
}

/// The same when there are more.
pub fn page(total: usize, start: usize, resources: &[Value]) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": total,
        "startIndex": start, "itemsPerPage": resources.len(), "Resources": resources })
}
