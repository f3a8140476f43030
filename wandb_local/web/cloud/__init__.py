"""Point clouds that were logged as ``wandb.Object3D``: read on the server, drawn by the browser (``assets/cloud*.js``)."""
