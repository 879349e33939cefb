"""lrfind, which learning rate? The program is started by `lrfind` or `python -m lrfind`.

`lrfind_client`, installed beside this package, is the training program's side of `lrfind exec`; here it is lrfind.client.
"""
