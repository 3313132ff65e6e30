/** At most so many at once; the others wait their turn. */
export type Gate = <A>(work: () => Promise<A>) => Promise<A>;

export const gate = (atOnce: number): Gate => {
  let inside = 0;
  const waiting: (() => void)[] = [];
  const enter = async (): Promise<void> => {
    if (inside < atOnce) inside += 1;
    else
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
  };
  // the place goes to the next who waits, if there is one
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) inside -= 1;
    else next();
  };
  return async (work) => {
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };
};
