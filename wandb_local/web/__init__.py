"""Web pages over the stores of the server: projects, runs, tables, sweeps, artifacts. They run in the server's process.

They are written with Dash, because it is the one library that brings grids (AG Grid, which pages, sorts and filters
thousands of rows), charts (plotly: live lines, parallel coordinates) and graphs (Cytoscape) ready made, ships all
their JavaScript inside its Python packages, and works without inline scripts, so that a strict Content-Security-Policy
holds. NiceGUI was the other candidate: it keeps every page's state and a websocket on the server, where Dash's
callbacks have no state, and its pages need inline scripts. Dash is imported when the first page is asked for: the API
does not wait for it.

How it is put together: ``app.build_web`` answers an ASGI application. ``guard`` lets nobody in without the cookie that
``login`` gives for the API key, ``media`` sends logged files, ``dashboard`` holds the Dash application, and
``pages.PAGES`` lists the pages, each a module with ``PATH``, ``trail``, ``layout`` and ``register``.
"""
