use async_trait::async_trait;
use convene_domain::{id::JobId, time::Instant};

use super::InMemory;
use crate::{
    caller::TenantScope,
    failure::{Fault, Outcome},
    ports::{Jobs, UnattendedJob},
};

/// Every change is complete at once.
#[async_trait]
impl Jobs for InMemory {
    async fn unattended(&self) -> Result<Vec<UnattendedJob>, Fault> {
        Ok(Vec::new())
    }

    async fn step(&self, _: &TenantScope, _: JobId, _: Instant) -> Outcome<bool> {
        Ok(false)
    }
}
