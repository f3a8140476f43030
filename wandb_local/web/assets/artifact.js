// How a grid shows what kind of change there was.
window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {};
window.dashAgGridComponentFunctions.Change = (props) =>
    React.createElement("span", { className: `artifact-change ${props.value}` }, props.value);
