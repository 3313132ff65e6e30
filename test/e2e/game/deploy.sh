#!/bin/sh
# Puts the application's code where its service waits for it.
set -e
code=/srv/www/app/current
cmp -s server.cjs "$code/server.js" && exit 0
mkdir -p "$code"
cp server.cjs "$code/server.js.next"
mv "$code/server.js.next" "$code/server.js"
