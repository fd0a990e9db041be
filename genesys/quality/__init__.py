"""What can be told of tasks, responses and judges beyond a single verdict. Tables are read in ``genesys.release``."""
