/** `npm start`: installs and builds what is missing, then runs `scalarium up` in this very process. */
import { build, install } from './prepare.mjs';

install();
build();
process.argv.splice(2, 0, 'up');
await import('../dist/bundle/main.mjs');
