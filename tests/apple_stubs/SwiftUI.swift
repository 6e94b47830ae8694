@_exported import CoreGraphics
@_exported import UIKit
@_exported import Observation
@MainActor @preconcurrency public protocol View {
    associatedtype Body: View
    @ViewBuilder @MainActor @preconcurrency var body: Body { get }
}
extension Never: View { public var body: Never { fatalError() } }
extension Optional: View where Wrapped: View { public var body: Never { fatalError() } }
public struct AnyV: View {
    public init() {}
    public var body: Never { fatalError() }
}
@resultBuilder public enum ViewBuilder {
    public static func buildBlock() -> AnyV { AnyV() }
    public static func buildBlock<V: View>(_ v: V) -> V { v }
    public static func buildBlock<each V: View>(_ v: repeat each V) -> AnyV { AnyV() }
    public static func buildExpression<V: View>(_ v: V) -> V { v }
    public static func buildIf<V: View>(_ v: V?) -> V? { v }
    public static func buildEither<V: View>(first: V) -> AnyV { AnyV() }
    public static func buildEither<V: View>(second: V) -> AnyV { AnyV() }
}
@MainActor @preconcurrency public protocol Scene {}
@MainActor @preconcurrency public protocol App {
    associatedtype S: Scene
    @MainActor @preconcurrency var body: S { get }
    init()
}
extension App { public static func main() {} }
public struct WindowGroup<V: View>: Scene { public init(@ViewBuilder _ c: () -> V) {} }
public struct Color: Sendable {
    public init(red: Double, green: Double, blue: Double) {}
    public static let black = Color(red: 0, green: 0, blue: 0)
    public static let gray = black
    public static let white = black
    public func opacity(_ o: Double) -> Color { self }
}
extension Color: View { public var body: Never { fatalError() } }
public protocol ShapeStyle: Sendable {}
extension Color: ShapeStyle {}
extension ShapeStyle where Self == Color {
    public static var black: Color { fatalError() }
    public static var white: Color { fatalError() }
    public static var gray: Color { fatalError() }
}
public struct Hier: ShapeStyle {}
extension ShapeStyle where Self == Hier { public static var secondary: Hier { Hier() } }
public struct Material: ShapeStyle { public static let x = Material() }
extension ShapeStyle where Self == Material {
    public static var ultraThinMaterial: Material { .x }
    public static var regularMaterial: Material { .x }
}
public struct HorizontalAlignment: Sendable { public static let leading = HorizontalAlignment(), center = leading }
public struct VerticalAlignment: Sendable {
    public static let firstTextBaseline = VerticalAlignment(), bottom = firstTextBaseline, center = firstTextBaseline
}
public struct Alignment: Sendable { public static let leading = Alignment(), center = leading }
public struct VStack<V: View>: View {
    public init(alignment: HorizontalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> V) {}
    public var body: Never { fatalError() }
}
public struct HStack<V: View>: View {
    public init(alignment: VerticalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> V) {}
    public var body: Never { fatalError() }
}
public struct ZStack<V: View>: View {
    public init(@ViewBuilder content: () -> V) {}
    public var body: Never { fatalError() }
}
public struct ViewThatFits<V: View>: View {
    public init(in: AxisSet, @ViewBuilder content: () -> V) {}
    public var body: Never { fatalError() }
}
public struct AxisSet: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    public static let vertical = AxisSet(rawValue: 1)
}
public struct ScrollView<V: View>: View {
    public init(@ViewBuilder content: () -> V) {}
    public var body: Never { fatalError() }
}
public struct Spacer: View {
    public init(minLength: CGFloat? = nil) {}
    public var body: Never { fatalError() }
}
public struct ForEach<D, ID, C: View>: View { public var body: Never { fatalError() } }
extension ForEach where D: RandomAccessCollection, D.Element: Identifiable, ID == D.Element.ID {
    public init(_ d: D, @ViewBuilder content: @escaping (D.Element) -> C) {}
}
extension ForEach where D: RandomAccessCollection {
    public init(_ d: D, id: KeyPath<D.Element, ID>, @ViewBuilder content: @escaping (D.Element) -> C) {}
}
public struct Font: Sendable {
    public static let caption = Font(), headline = caption, title2 = caption, callout = caption, body = caption
    public func bold() -> Font { self }
}
public enum TextAlignment { case center }
public struct IntegerFormatStyleX {}
public struct Text: View {
    public init(verbatim: String) {}
    public init(_ k: LocalizedStringKey) {}
    @_disfavoredOverload public init<S: StringProtocol>(_ s: S) {}
    public init<F: FormatStyle>(_ v: F.FormatInput, format: F)
    where F.FormatInput: Equatable, F.FormatOutput == String {}
    public func font(_ f: Font?) -> Text { self }
    public func foregroundColor(_ c: Color?) -> Text { self }
    public func monospacedDigit() -> Text { self }
    public var body: Never { fatalError() }
}
public struct LocalizedStringKey: ExpressibleByStringInterpolation { public init(stringLiteral: String) {} }
public struct Image: View {
    public init(systemName: String) {}
    public var body: Never { fatalError() }
}
public struct ProgressView: View {
    public init() {}
    public var body: Never { fatalError() }
}
public struct Label<T: View, I: View>: View {
    public init(@ViewBuilder _ t: () -> T, @ViewBuilder icon: () -> I) {}
    public var body: Never { fatalError() }
}
extension Label where T == Text, I == Image { public init(_ k: LocalizedStringKey, systemImage: String) {} }
public struct Button<V: View>: View { public var body: Never { fatalError() } }
extension Button where V == Label<Text, Image> {
    public init(_ k: LocalizedStringKey, systemImage: String, action: @escaping @MainActor () -> Void) {}
}
public struct Link<V: View>: View { public var body: Never { fatalError() } }
extension Link where V == Text { public init(_ k: LocalizedStringKey, destination: URL) {} }
@propertyWrapper public struct Binding<T> {
    public init(projectedValue: Binding<T>) {}
    public init(get: @escaping () -> T, set: @escaping (T) -> Void) {}
    public var wrappedValue: T {
        get { fatalError() }
        nonmutating set {}
    }
    public var projectedValue: Binding<T> { self }
}
@propertyWrapper public struct State<T> {
    public init(wrappedValue: @autoclosure () -> T) {}
    public var wrappedValue: T {
        get { fatalError() }
        nonmutating set {}
    }
    public var projectedValue: BindX<T> { fatalError() }
}
@dynamicMemberLookup public struct BindX<T> {
    public subscript<V>(dynamicMember k: ReferenceWritableKeyPath<T, V>) -> Binding<V> { fatalError() }
}
@propertyWrapper public struct Environment<T> {
    public init(_ k: KeyPath<EnvironmentValues, T>) {}
    public var wrappedValue: T { fatalError() }
}
public enum ScenePhase { case active, inactive, background }
public enum UserInterfaceSizeClass { case compact, regular }
public enum ColorScheme { case dark, light }
public struct EnvironmentValues {
    public var scenePhase: ScenePhase
    public var verticalSizeClass: UserInterfaceSizeClass?
    public var colorScheme: ColorScheme
}
public struct Picker<L: View, S: Hashable, C: View>: View { public var body: Never { fatalError() } }
extension Picker where L == Text {
    public init(_ k: LocalizedStringKey, selection: Binding<S>, @ViewBuilder content: () -> C) {}
}
public protocol PickerStyle {}
public struct MenuPickerStyle: PickerStyle {}
extension PickerStyle where Self == MenuPickerStyle { public static var menu: MenuPickerStyle { MenuPickerStyle() } }
public protocol LabelStyle {}
public struct IconOnlyLabelStyle: LabelStyle {}
extension LabelStyle where Self == IconOnlyLabelStyle {
    public static var iconOnly: IconOnlyLabelStyle { IconOnlyLabelStyle() }
}
public protocol PrimitiveButtonStyle {}
public struct BorderedProminentButtonStyle: PrimitiveButtonStyle {}
extension PrimitiveButtonStyle where Self == BorderedProminentButtonStyle {
    public static var borderedProminent: BorderedProminentButtonStyle { BorderedProminentButtonStyle() }
}
public struct EdgeSet: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    public static let horizontal = EdgeSet(rawValue: 1), vertical = EdgeSet(rawValue: 2), all = EdgeSet(rawValue: 3)
}
public enum VerticalEdge { case top, bottom }
public protocol Shape: View, Sendable {}
extension Shape {
    public func fill<S: ShapeStyle>(_ s: S) -> some View { AnyV() }
    public func stroke<S: ShapeStyle>(_ s: S, style: StrokeStyle) -> some View { AnyV() }
    public var body: Never { fatalError() }
}
public struct StrokeStyle {
    public init(lineWidth: CGFloat = 1, lineCap: CGLineCap = .round, lineJoin: CGLineJoin = .round) {}
}
public struct Circle: Shape { public init() {} }
public struct Rectangle: Shape { public init() {} }
public struct RoundedRectangle: Shape { public init(cornerRadius: CGFloat) {} }
public struct Path: Shape {
    public init(_ p: CGPath) {}
    public init(_ r: CGRect) {}
    public init(roundedRect: CGRect, cornerRadius: CGFloat) {}
}
public struct GeometryProxy { public var size: CGSize { .zero } }
public struct GeometryReader<V: View>: View {
    public init(@ViewBuilder content: @escaping (GeometryProxy) -> V) {}
    public var body: Never { fatalError() }
}
public struct UnitPoint: Sendable { public static let topLeading = UnitPoint() }
public struct GraphicsContext {
    public struct Shading { public static func color(_ c: Color) -> Shading { Shading() } }
    public struct ResolvedText { public func measure(in: CGSize) -> CGSize { .zero } }
    public func stroke(_ p: Path, with: Shading, lineWidth: CGFloat = 1) {}
    public func fill(_ p: Path, with: Shading) {}
    public func resolve(_ t: Text) -> ResolvedText { ResolvedText() }
    public func draw(_ t: ResolvedText, at: CGPoint, anchor: UnitPoint) {}
}
public struct Canvas: View {
    public init(renderer: @escaping (inout GraphicsContext, CGSize) -> Void) {}
    public var body: Never { fatalError() }
}
public protocol Gesture {}
public struct DragGesture: Gesture {
    public struct Value { public var location: CGPoint { .zero } }
    public init(minimumDistance: CGFloat = 10) {}
    @MainActor public func onChanged(_ f: @escaping (Value) -> Void) -> DragGesture { self }
    @MainActor public func onEnded(_ f: @escaping (Value) -> Void) -> DragGesture { self }
}
public enum ContentMode { case fit, fill }
public struct AccessibilityChildBehavior: Sendable {
    public static let combine = AccessibilityChildBehavior(), ignore = combine
}
public protocol Layout {}
public struct HStackLayout: Layout { public init(alignment: VerticalAlignment = .center, spacing: CGFloat? = nil) {} }
public struct VStackLayout: Layout { public init(alignment: HorizontalAlignment = .center, spacing: CGFloat? = nil) {} }
@MainActor public struct AnyLayout {
    public init<L: Layout>(_ l: L) {}
    public func callAsFunction<V: View>(@ViewBuilder _ c: () -> V) -> some View { AnyV() }
}
extension View {
    public func padding(_ e: EdgeSet = .all, _ l: CGFloat? = nil) -> some View { self }
    public func background<S: ShapeStyle>(_ s: S) -> some View { self }
    public func background<S: ShapeStyle, H: Shape>(_ s: S, in: H) -> some View { self }
    public func background<V: View>(alignment: Alignment = .center, @ViewBuilder content: () -> V) -> some View { self }
    public func frame(width: CGFloat? = nil, height: CGFloat? = nil, alignment: Alignment = .center) -> some View {
        self
    }
    public func frame(maxWidth: CGFloat? = nil, maxHeight: CGFloat? = nil) -> some View { self }
    public func lineLimit(_ n: Int?) -> some View { self }
    public func monospacedDigit() -> some View { self }
    public func font(_ f: Font?) -> some View { self }
    public func foregroundStyle<S: ShapeStyle>(_ s: S) -> some View { self }
    public func accessibilityElement(children: AccessibilityChildBehavior) -> some View { self }
    public func accessibilityLabel(_ k: LocalizedStringKey) -> some View { self }
    public func accessibilityLabel(_ k: Text) -> some View { self }
    public func accessibilityValue(_ k: Text) -> some View { self }
    public func pickerStyle<S: PickerStyle>(_ s: S) -> some View { self }
    public func labelStyle<S: LabelStyle>(_ s: S) -> some View { self }
    public func buttonStyle<S: PrimitiveButtonStyle>(_ s: S) -> some View { self }
    public func tag<T: Hashable>(_ t: T) -> some View { self }
    public func ignoresSafeArea() -> some View { self }
    public func safeAreaInset<V: View>(edge: VerticalEdge, @ViewBuilder content: () -> V) -> some View { self }
    public func environment<T>(_ k: WritableKeyPath<EnvironmentValues, T>, _ v: T) -> some View { self }
    public func task(_ f: sending @escaping @isolated(any) () async -> Void) -> some View { self }
    public func task<I: Equatable>(id: I, _ f: sending @escaping @isolated(any) () async -> Void) -> some View { self }
    public func onAppear(_ f: @escaping @MainActor () -> Void) -> some View { self }
    public func allowsHitTesting(_ b: Bool) -> some View { self }
    public func multilineTextAlignment(_ a: TextAlignment) -> some View { self }
    public func contentShape<S: Shape>(_ s: S) -> some View { self }
    public func gesture<G: Gesture>(_ g: G) -> some View { self }
    public func aspectRatio(_ r: CGFloat?, contentMode: ContentMode) -> some View { self }
    public func disabled(_ b: Bool) -> some View { self }
}
@MainActor @preconcurrency public protocol UIViewRepresentable: View {
    associatedtype V: UIView
    func makeUIView(context: Context) -> V
    func updateUIView(_ v: V, context: Context)
    typealias Context = UIViewRepresentableContext<Self>
}
@MainActor public struct UIViewRepresentableContext<R> {}
extension UIViewRepresentable { public var body: Never { fatalError() } }
