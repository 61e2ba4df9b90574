//! GraphQL and REST over HTTP for Convene.
