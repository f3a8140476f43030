"""Point clouds that were logged as ``wandb.Object3D``. The server reads them, and the browser draws them with the small
WebGL program of ``assets/cloud*.js``. Plotly's ``scatter3d`` obeys the pages' policy as well. But it takes one of the
sixteen WebGL contexts of a browser for each cloud, some seconds for 100,000 points, and no keys.
"""
