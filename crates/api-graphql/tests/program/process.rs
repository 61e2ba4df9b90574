//! What a server needs of its process: somebody who reads its log, and open files.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{
    database_commands::{ADMIN, ORCHESTRA},
    support::{Installation, program},
};

/// A server whose standard error is a pipe.
struct Piped {
    process: Child,
    log: BufReader<std::process::ChildStderr>,
    client: reqwest::Client,
    probes: String,
    clients: String,
    /// The lines that were read so far.
    earlier: Vec<Value>,
}

impl Piped {
    /// Starts a server, and reads its log until it serves.
    fn start(installation: &Installation, command: &mut Command) -> Self {
        let command =
            installation.set(command).env("CONVENE_AUTH", "headers").env("CONVENE_RATE_LIMIT", "off");
        let command = command.env("CONVENE_LISTEN", "127.0.0.1:0").env("CONVENE_PROBE_LISTEN", "127.0.0.1:0");
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        let (probes, clients) = (String::new(), String::new());
        let client = reqwest::Client::new();
        let mut server = Self { process, log, client, probes, clients, earlier: Vec::new() };
        server.probes = server.line("answering probes")["address"].as_str().unwrap().to_owned();
        server.clients = server.line("serving")["listen"].as_str().unwrap().to_owned();
        server
    }

    /// The next line with this message.
    fn line(&mut self, message: &str) -> Value {
        loop {
            let mut line = String::new();
            assert!(self.log.read_line(&mut line).unwrap() > 0, "there is no line {message}");
            let line: Value = serde_json::from_str(&line).unwrap();
            self.earlier.push(line.clone());
            if line["message"] == message {
                return line;
            }
        }
    }

    async fn ask(&self) -> u16 {
        let request = self.client.post(format!("http://{}/graphql", self.clients));
        let request = request.header("x-organization-id", ORCHESTRA).header("x-user-id", ADMIN);
        let answer = request.json(&json!({"query": "{ viewer { role } }"})).timeout(Duration::from_secs(8));
        answer.send().await.unwrap().status().as_u16()
    }

    async fn metric(&self, name: &str) -> f64 {
        let metrics = self.client.get(format!("http://{}/metrics", self.probes)).send().await.unwrap();
        let metrics = metrics.text().await.unwrap();
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("{name} is missing")).parse().unwrap()
    }

    /// Sends SIGTERM, and waits for the end.
    fn stop(&mut self) {
        let id = Pid::from_raw(i32::try_from(self.process.id()).unwrap()).unwrap();
        kill_process(id, Signal::TERM).unwrap();
        let latest = Instant::now() + Duration::from_secs(15);
        while self.process.try_wait().unwrap().is_none() {
            assert!(Instant::now() < latest, "the server does not end");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        // Both fail only if the process has ended.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A pipe holds some hundred lines.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_log_nobody_reads_goes_on_and_ends() {
    let installation = Installation::seeded().await;
    let mut server = Piped::start(&installation, &mut program(&["serve"]));
    for _ in 0..600 {
        assert_eq!(server.ask().await, 200);
    }
    assert_eq!(server.metric("convene_log_lines_lost_total").await, 0.0, "they wait");
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_line_is_lost_at_the_end() {
    let installation = Installation::seeded().await;
    let mut server = Piped::start(&installation, &mut program(&["serve"]));
    for _ in 0..20 {
        assert_eq!(server.ask().await, 200);
    }
    server.stop();
    for _ in 0..20 {
        server.line("request");
    }
    server.line("shutting down");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_open_files_is_raised_or_reported() {
    let installation = Installation::seeded().await;
    let limited = |limit: &str| {
        let of_program = program(&["serve"]);
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("ulimit {limit} && exec \"$0\" serve")).arg(of_program.get_program());
        for (name, _) in of_program.get_envs() {
            command.env_remove(name);
        }
        command
    };
    let server = Piped::start(&installation, &mut limited("-Sn 400"));
    assert!(server.metric("process_max_fds").await > 400.0);
    let low = Piped::start(&installation, &mut limited("-n 400"));
    let warning = low.earlier.iter().find(|line| line["level"] == "WARN" && line["limit"] == 400).unwrap();
    assert_eq!(warning["message"], "the limit of open files is too low for CONVENE_CONNECTION_LIMIT");
    assert_eq!(warning["needed"], 4_500);
    assert!(server.earlier.iter().all(|line| line["needed"].is_null()));
}
