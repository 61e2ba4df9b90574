use std::sync::{Arc, Mutex};

use mongodb::event::{
    EventHandler,
    command::{CommandEvent, CommandStartedEvent},
};

/// The commands that a client has sent.
#[derive(Clone, Default)]
pub(crate) struct Commands(Arc<Mutex<Vec<CommandStartedEvent>>>);

impl Commands {
    /// The handler that records the commands.
    pub(crate) fn handler(&self) -> EventHandler<CommandEvent> {
        let commands = self.clone();
        EventHandler::callback(move |event| {
            if let CommandEvent::Started(started) = event {
                commands.0.lock().unwrap().push(started);
            }
        })
    }

    /// Takes the commands since the last call.
    pub(crate) fn take(&self) -> Vec<CommandStartedEvent> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}
