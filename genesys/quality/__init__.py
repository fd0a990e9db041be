"""What can be told of tasks and responses beyond a single verdict, as pure functions. Tables are read elsewhere."""
