/** How other doors (the agent gateway) take requests on the server's port. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Looks at a request before anything else; true: taken, the hook answers it and checks who asks itself. */
export type RequestHook = (request: IncomingMessage, response: ServerResponse) => boolean;

/** The same for an upgrade to WebSocket; true: the hook owns the socket now. */
export type UpgradeHook = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
