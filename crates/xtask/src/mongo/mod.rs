//! A real MongoDB on any machine: found or fetched, started as a replica set, and stopped again.

pub(crate) mod process;
pub(crate) mod provision;
pub(crate) mod replica_set;
pub(crate) mod scratch;
mod uri;
mod wheel;
mod wire;

pub(crate) use uri::check_replica_set;

/// What a mongod is started for; decides its memory, its safety and its test hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A developer's data, kept between runs. Stopped in good order.
    Development,
    /// Data that nobody misses. Fail points are open to tests, and transactions that a failing test leaves
    /// open do not block the next one for long. Stopped at once.
    Tests,
    /// Data that nobody misses, without test hooks.
    Benchmarks,
}

impl Purpose {
    /// The flags of mongod that go with the purpose.
    fn flags(self) -> &'static [&'static str] {
        match self {
            // At shutdown a primary waits 15 seconds for clients to notice: there are none that matter here.
            Self::Development => &[
                "--wiredTigerCacheSizeGB=0.25",
                "--oplogSize=64",
                "--setParameter=shutdownTimeoutMillisForSignaledShutdown=100",
            ],
            Self::Tests => &[
                "--wiredTigerCacheSizeGB=0.5",
                "--oplogSize=128",
                "--setParameter=enableTestCommands=1",
                "--setParameter=transactionLifetimeLimitSeconds=5",
                // Each test has a database of its own, of some forty files: those that nobody uses any more are closed
                // soon, or a whole run would need more of them than a process may have open.
                "--wiredTigerEngineConfigString=file_manager=(close_idle_time=2,close_scan_interval=1)",
            ],
            // With the cache that MongoDB gives itself: a small one is written out while it is measured.
            Self::Benchmarks => &["--oplogSize=1024"],
        }
    }

    /// Whether the data is worth an orderly shutdown.
    fn keeps_data(self) -> bool {
        self == Self::Development
    }
}
