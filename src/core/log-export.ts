/** A machine's log as it was when it was asked for, packed for download. */
export interface LogExport {
  id: string;
  nodeId: string;
  projectId: string;
  fileName: string;
  createdAt: Date;
}

export interface LogExports {
  /** Keeps the latest few of a machine and project; older ones go. */
  add(made: Omit<LogExport, 'createdAt'>, content: Buffer): Promise<LogExport>;
  find(id: string, nodeId: string, projectId: string): Promise<LogExport | null>;
  findContent(id: string, nodeId: string, projectId: string): Promise<Buffer | null>;
}
