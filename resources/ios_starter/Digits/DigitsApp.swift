import SwiftUI

@main
struct DigitsApp: App {
    var body: some Scene {
        WindowGroup {
            DigitScreen()
        }
    }
}
