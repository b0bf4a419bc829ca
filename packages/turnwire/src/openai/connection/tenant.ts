/** A user of a connection, alone or with others: a service. */
export class Tenant {
  /** Characters of abandoned replies that the server has sent since the last `takeWasted`. */
  wastedCharacters = 0;

  takeWasted(): number {
    const wasted = this.wastedCharacters;
    this.wastedCharacters = 0;
    return wasted;
  }
}
