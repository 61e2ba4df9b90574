//! The codes of a server that cannot answer now, for which a repeat may succeed.
//!
//! Names and categories are those of the server's `error_codes.yml` (6.0 to 8.x). Codes for internal use only are left out, as the
//! server does not send them.

/// The server or a part of the cluster is away, starts, stops, or has no primary: the categories `NetworkError`,
/// `NotPrimaryError` and `ShutdownError`, and what has none of them.
const AWAY: [i32; 21] = [
    6,      // HostUnreachable
    7,      // HostNotFound
    89,     // NetworkTimeout
    91,     // ShutdownInProgress
    133,    // FailedToSatisfyReadPreference
    134,    // ReadConcernMajorityNotAvailableYet
    189,    // PrimarySteppedDown
    190,    // MasterSlaveConnectionFailure
    202,    // NetworkInterfaceExceededTimeLimit
    203,    // ShardingStateNotInitialized
    210,    // CannotVerifyAndSignLogicalTime
    211,    // KeyNotFound: after a restart with authentication, until a primary is elected
    216,    // ElectionInProgress
    9_001,  // SocketException
    10_058, // LegacyNotPrimary
    10_107, // NotWritablePrimary
    11_600, // InterruptedAtShutdown
    11_602, // InterruptedDueToReplStateChange
    13_435, // NotPrimaryNoSecondaryOk
    13_436, // NotPrimaryOrSecondary
    91_331, // RetriableRemoteCommandFailure
];

/// The operation was interrupted, or its time was over: the categories `Interruption` and `ExceededTimeLimitError`.
const INTERRUPTED: [i32; 18] = [
    24,         // LockTimeout
    43,         // CursorNotFound
    50,         // MaxTimeMSExpired
    64,         // WriteConcernTimeout
    175,        // QueryPlanKilled
    237,        // CursorKilled
    262,        // ExceededTimeLimit
    279,        // ClientDisconnect
    281,        // TransactionCoordinatorSteppingDown
    282,        // TransactionCoordinatorReachedAbortDecision
    290,        // TransactionExceededLifetimeLimitSeconds
    355,        // InterruptedDueToStorageChange
    407,        // PooledConnectionAcquisitionExceededTimeLimit
    453,        // InterruptedDueToReshardingCriticalSection
    11_601,     // Interrupted
    46_841,     // ClientMarkedKilled
    10_045_600, // InterruptedDueToFCVChange
    50_915,     // BackupCursorOpenConflictWithCheckpoint
];

/// Something else is under way, or the server has too much to do: conflicts, `SnapshotError`, `StaleShardVersionError`,
/// `SystemOverloadedError`, and the rest of `RetriableError`.
const BUSY: [i32; 23] = [
    112,    // WriteConflict
    117,    // ConflictingOperationInProgress
    150,    // StaleEpoch
    215,    // DatabaseDropPending
    239,    // SnapshotTooOld
    246,    // SnapshotUnavailable
    249,    // StaleDbVersion
    250,    // StaleChunkHistory
    251,    // NoSuchTransaction: the server has ended it
    261,    // TooManyLogicalSessions
    264,    // TooManyFilesOpen
    267,    // PreparedTransactionInProgress
    272,    // MigrationConflict
    365,    // TemporarilyUnavailable
    371,    // UserWritesBlocked
    402,    // ResourceExhausted
    406,    // MigrationBlockingOperationCoordinatorCleaningUp
    412,    // UpdatesStillPending
    433,    // AdmissionQueueOverflow
    449,    // RateLimitExceeded
    450,    // PooledConnectionAcquisitionRejected
    462,    // IngressRequestRateLimitExceeded
    13_388, // StaleConfig
];

/// Tests whether a server with this code cannot answer now.
pub(crate) fn is_of_unavailability(code: i32) -> bool {
    AWAY.contains(&code) || INTERRUPTED.contains(&code) || BUSY.contains(&code)
}
