from lrfind._command import main

main()
