"""GraphQL without a schema: documents of any client version are parsed and answered by plain resolvers."""
