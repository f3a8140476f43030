"""Line charts of what runs have logged: sampled on the server, smoothed, several runs in one chart, live."""
