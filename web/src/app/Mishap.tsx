import { Component, type ReactNode } from "react";
import { Trouble } from "../parts/States";

/** A part of the page that breaks does not take the frame with it. A page that could not be loaded is most often a newer Darkroom. */
export class Mishap extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children;
    return (
      <div className="page">
        <Trouble error={this.state.error} retry={() => location.reload()} />
      </div>
    );
  }
}
