//! The in-memory adapters hold the contract of the ports.
#![cfg(feature = "testing")]

convene_application::contract_tests!(convene_application::testing::memory::InMemory::new());
