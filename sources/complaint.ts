/** What went wrong with a program, for people: what it was to do, what it said, and what to do about it. */

export class Complaint extends Error {
  constructor(
    private readonly what: string,
    /** Its last words, which may be many. */
    private readonly said: string,
    private readonly advice: string,
  ) {
    super(`${what}: ${said}; ${advice}`);
  }

  /** In at most so many characters: what it said is shortened, from its beginning; never what to do. */
  within(room: number, mask: (text: string) => string): string {
    const [what, said, advice] = [mask(this.what), mask(this.said), mask(this.advice)];
    // masked as a whole, so that no half of a secret stays
    const left = Math.max(0, room - what.length - advice.length - ': …; '.length);
    const shown = said.length <= left ? said : `…${said.slice(said.length - left)}`;
    return `${what}: ${shown}; ${advice}`;
  }
}
