// One browser and one server for all, since both take a second to start.
import { after, before } from 'node:test';
import { close, open } from './harness.mjs';

before(open);
after(close);

await import('./draw.mjs');
await import('./ways.mjs');
await import('./explore.mjs');
await import('./looks.mjs');
