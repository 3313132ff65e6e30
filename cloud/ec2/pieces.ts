/** A long DescribeInstances answer cut into several that say the same together. Pure text: nothing is parsed here. */

const LIST = { open: '<reservationSet>', close: '</reservationSet>' };
const INSTANCES = { open: '<instancesSet>', close: '</instancesSet>' };
const ITEM = /<(\/?)item>/g;

/** A list's items and what is around them. */
interface Cut {
  readonly before: string;
  readonly items: readonly string[];
  readonly after: string;
}

/** The outermost items of a list; null: it is not made as expected. */
const itemsOf = (list: string): readonly string[] | null => {
  const items: string[] = [];
  let depth = 0;
  let from = 0;
  for (const { 1: closing, index } of list.matchAll(ITEM)) {
    if (closing === '' && depth === 0) from = index;
    depth += closing === '' ? 1 : -1;
    if (depth < 0) return null;
    if (depth === 0) items.push(list.slice(from, index + '</item>'.length));
  }
  return depth === 0 ? items : null;
};

const cut = (text: string, { open, close }: typeof LIST): Cut | null => {
  const start = text.indexOf(open);
  const end = text.lastIndexOf(close);
  if (start === -1 || end === -1) return null;
  const items = itemsOf(text.slice(start + open.length, end));
  return items && { before: text.slice(0, start + open.length), items, after: text.slice(end) };
};

const chunks = <A>(items: readonly A[], size: number): readonly (readonly A[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_item, index) =>
    items.slice(index * size, (index + 1) * size),
  );

/** Reservations of at most `most` instances each: the large ones come several times, with others of their instances. */
const smallReservations = (reservations: readonly string[], most: number) =>
  reservations.flatMap((text) => {
    const instances = cut(text, INSTANCES);
    if (instances === null || instances.items.length <= most)
      return [{ text, size: instances?.items.length ?? 1 }];
    const { before, items, after } = instances;
    return chunks(items, most).map((some) => ({
      text: `${before}${some.join('')}${after}`,
      size: some.length,
    }));
  });

/** Answers with about `most` instances each; the answer itself where it cannot be cut. */
export const piecesOf = (answer: string, most: number): readonly string[] => {
  const whole = cut(answer, LIST);
  if (whole === null) return [answer];
  const pieces: string[] = [];
  let gathered: string[] = [];
  let size = 0;
  const close = (): void => {
    pieces.push(`${whole.before}${gathered.join('')}${whole.after}`);
    [gathered, size] = [[], 0];
  };
  for (const reservation of smallReservations(whole.items, most)) {
    if (size > 0 && size + reservation.size > most) close();
    gathered.push(reservation.text);
    size += reservation.size;
  }
  if (size > 0 || pieces.length === 0) close();
  return pieces;
};
