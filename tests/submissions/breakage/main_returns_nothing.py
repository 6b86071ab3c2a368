# Everything happens inside of a function main() that returns nothing: model and images are gone when it ends,
# only the figure is seen. Whoever reads it finds all of it done, and done right; whoever looks for the model
# afterwards finds none.
#
# /// label
# cnn = ["pass", "review"]
# training = ["pass", "review"]
# images = ["pass", "review"]
# ascent = ["pass", "review"]
# objective = ["pass", "review"]
# updates = ["pass", "review"]
# ///

# %% cnn
# see main() at the end of the notebook

# %% train
# see main() at the end of the notebook

# %% ascent
# see main() at the end of the notebook

# %% plot
def main() -> None:
    # --- network
    model = keras.Sequential(
        [
            layers.Input(shape=(28, 28, 1)),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
            layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )

    # --- training
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)
    print("test accuracy:", model.evaluate(x_test, y_test, verbose=0)[1])

    # --- gradient ascent
    head_off = keras.Model(model.inputs, model.get_layer("conv2d_3").output)
    features = []
    for number in range(64):
        img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
        for _ in range(gradient_updates):
            with tf.GradientTape() as tape:
                score = tf.reduce_mean(head_off(img)[..., number])
            img.assign_add(step_size * normalize(tape.gradient(score, img)))
        features.append(img.numpy())

    # --- figure
    figure, axes = plt.subplots(8, 8, figsize=(12, 12))
    for number, ax in enumerate(axes.ravel()):
        ax.imshow(deprocess_image(features[number].copy())[0, :, :, 0], cmap="gray")
        ax.set_title(f"feature {number}")
        ax.axis("off")
    plt.show()


if __name__ == "__main__":
    main()
