// All that only operators load, in one piece.
export { DeadLettersPage } from "./DeadLettersPage";
export { MessagesPage } from "./MessagesPage";
export { OperatorPage } from "./OperatorPage";
export { OverviewPage } from "./OverviewPage";
export { SandboxPage } from "./SandboxPage";
export { TimelinePage } from "./TimelinePage";
import "../../styles/operator.css";
