/// A linear congruential generator with a seed, so that a run can be repeated.
pub(crate) struct SeededRandom(pub(crate) u64);

impl SeededRandom {
    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    /// A number below `limit` that durations can be multiplied by.
    pub(crate) fn number(&mut self, limit: usize) -> i64 {
        i64::try_from(self.below(limit)).unwrap()
    }
}
