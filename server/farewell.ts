/** The last words on a connection, and its end: also when the other side never ends its own. */
import type { Duplex } from 'node:stream';

const LINGER_MS = 1_000;

/**
 * Answers, reads what is still coming so that the answer arrives, and closes. A client that goes on sending, or never
 * closes its half, would hold the connection for as long as it likes.
 */
export const farewell = (socket: Duplex, words: string, linger = LINGER_MS): void => {
  const cut = (): void => {
    socket.destroy();
  };
  const late = AbortSignal.timeout(linger);
  late.addEventListener('abort', cut);
  socket.once('end', cut);
  socket.once('close', () => {
    late.removeEventListener('abort', cut);
  });
  socket.end(words);
  socket.resume();
};
