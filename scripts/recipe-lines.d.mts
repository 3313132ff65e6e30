export declare const resourceTypes: (source: string) => readonly string[];
export declare const withLines: (text: string, path: string, types: readonly string[]) => string;
