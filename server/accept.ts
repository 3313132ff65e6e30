/** What a client asks an answer to look like: the `Accept` header, clause by clause. */

/** One media type of an Accept header; names and parameter names in small letters. */
export interface Clause {
  /** `application/json`, `application/*`, `*` followed by `/*`. */
  readonly media: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** 0 to 1; clauses of 0 are left out. */
  readonly quality: number;
}

const unquoted = (text: string): string => text.replace(/^"(.*)"$/, '$1');

const parameterOf = (text: string): readonly (readonly [string, string])[] => {
  const [name = '', value = ''] = text.split(/=(.*)/s);
  return name.trim() === '' ? [] : [[name.trim().toLowerCase(), unquoted(value.trim())]];
};

const qualityOf = (text: string | undefined): number => {
  if (text === undefined) return 1;
  const quality = Number(text);
  return Number.isFinite(quality) ? Math.min(1, Math.max(0, quality)) : 0;
};

const clauseOf = (text: string): Clause => {
  const [media = '', ...rest] = text.split(';');
  const { q, ...parameters } = Object.fromEntries(rest.flatMap(parameterOf));
  return { media: media.trim().toLowerCase(), parameters, quality: qualityOf(q) };
};

/** The clauses of an Accept header, best first; without a header anything goes. */
export const clausesOf = (accept: string | undefined): readonly Clause[] => {
  const text = (accept ?? '').trim();
  return (text === '' ? '*/*' : text)
    .split(',')
    .map(clauseOf)
    .filter(({ media, quality }) => media !== '' && quality > 0)
    .sort((left, right) => right.quality - left.quality);
};

/** Whether a clause takes answers of this media type. */
export const takes = ({ media }: Clause, offered: string): boolean => {
  const [kind = ''] = offered.split('/');
  return media === offered || media === '*/*' || media === `${kind}/*`;
};
