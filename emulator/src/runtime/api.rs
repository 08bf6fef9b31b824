//! The server's side of the Runtime API: next, response, error, init error.

use std::io::{self, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::{Answer, Shared};
use crate::http;

const PREFIX: &str = "/2018-06-01/runtime/";
const FUNCTION_TIMEOUT: Duration = Duration::from_mins(1);
const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:function";

pub(super) fn serve(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming().flatten() {
        let shared = Arc::clone(shared);
        // A connection that breaks is the function's end, which its process tells.
        thread::spawn(move || drop(talk(stream, &shared)));
    }
}

fn talk(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = http::read(&mut reader, false)? {
        let path = request.first_line.split(' ').nth(1).unwrap_or_default();
        let answer = match path.strip_prefix(PREFIX).unwrap_or_default() {
            "invocation/next" => next(shared),
            "init/error" => {
                shared.state().init_error =
                    Some(String::from_utf8_lossy(&request.body).into_owned());
                accepted()
            }
            other => {
                take_answer(shared, other, &request.body);
                accepted()
            }
        };
        shared.changed.notify_all();
        writer.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// Waits for an event and gives it out.
fn next(shared: &Shared) -> String {
    let mut state = shared.state();
    state.ready.get_or_insert_with(Instant::now);
    shared.changed.notify_all();
    let (number, event) = loop {
        if let Some(event) = state.waiting.pop_front() {
            break event;
        }
        state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    };
    state.delivered = Some(Instant::now());
    let deadline =
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + FUNCTION_TIMEOUT;
    format!(
        "HTTP/1.1 200 OK\r\n\
         content-type: application/json\r\n\
         lambda-runtime-aws-request-id: {number}\r\n\
         lambda-runtime-deadline-ms: {}\r\n\
         lambda-runtime-invoked-function-arn: {ARN}\r\n\
         lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0\r\n\
         content-length: {}\r\n\r\n{event}",
        deadline.as_millis(),
        event.len()
    )
}

fn take_answer(shared: &Shared, path: &str, body: &[u8]) {
    let at = Instant::now();
    let mut parts = path.split('/').skip(1);
    let (Some(number), Some(kind)) = (parts.next().and_then(|id| id.parse().ok()), parts.next())
    else {
        return;
    };
    let value: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let answer = if kind == "error" {
        Answer::Error { kind: text("errorType"), message: text("errorMessage") }
    } else {
        Answer::Response(value)
    };
    shared.state().answer = Some((number, answer, at));
}

fn accepted() -> String {
    "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".to_owned()
}
