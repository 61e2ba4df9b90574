use std::sync::{Arc, Mutex};

use mongodb::event::{
    EventHandler,
    command::{CommandEvent, CommandStartedEvent},
};

/// The commands that a client sends.
#[derive(Clone, Default)]
pub(crate) struct Commands(Arc<Mutex<Vec<CommandStartedEvent>>>);

impl Commands {
    /// What to give to the client.
    pub(crate) fn handler(&self) -> EventHandler<CommandEvent> {
        let commands = self.clone();
        EventHandler::callback(move |event| {
            if let CommandEvent::Started(started) = event {
                commands.0.lock().unwrap().push(started);
            }
        })
    }

    /// What was sent since the last time.
    pub(crate) fn take(&self) -> Vec<CommandStartedEvent> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}
