//! An identity provider whose answers tests choose.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// The answer to every request.
#[derive(Clone)]
pub(crate) enum Answer {
    /// A JSON document.
    Json(String),
    /// A JSON document that takes its time.
    Late(Duration, String),
    /// A response as it is sent.
    Raw(String),
    /// No byte of a response.
    Silence,
    /// A response that never ends, byte by byte.
    Drip,
    /// A response that never ends, as fast as possible.
    Flood,
    /// The connection is closed without a response.
    Close,
}

impl Answer {
    pub(crate) fn status(line: &str, headers: &str) -> Self {
        Self::Raw(format!("HTTP/1.1 {line}\r\n{headers}content-length: 0\r\n\r\n"))
    }
}

/// A running provider.
pub(crate) struct Provider {
    address: SocketAddr,
    answer: Arc<Mutex<Answer>>,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Provider {
    pub(crate) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (answer, requests) = (Arc::new(Mutex::new(answer)), Arc::new(AtomicUsize::new(0)));
        let (current, count) = (Arc::clone(&answer), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let answer = current.lock().unwrap().clone();
                tokio::spawn(async move { drop(respond(stream, answer).await) });
            }
        });
        Self { address, answer, requests, task }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn answer(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// The number of requests so far.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn respond(mut stream: TcpStream, answer: Answer) -> std::io::Result<()> {
    let mut request = [0; 2_048];
    let read = stream.read(&mut request).await?;
    assert!(request[..read].starts_with(b"GET /"));
    let json = |text: &str| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
        format!("{head}content-length: {}\r\n\r\n{text}", text.len())
    };
    let endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    match answer {
        Answer::Json(text) => stream.write_all(json(&text).as_bytes()).await,
        Answer::Late(time, text) => {
            tokio::time::sleep(time).await;
            stream.write_all(json(&text).as_bytes()).await
        }
        Answer::Raw(text) => stream.write_all(text.as_bytes()).await,
        Answer::Silence => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(())
        }
        Answer::Drip => {
            stream.write_all(endless.as_bytes()).await?;
            loop {
                stream.write_all(b"1\r\n \r\n").await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Answer::Flood => {
            stream.write_all(endless.as_bytes()).await?;
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
            loop {
                stream.write_all(chunk.as_bytes()).await?;
            }
        }
        Answer::Close => Ok(()),
    }
}
