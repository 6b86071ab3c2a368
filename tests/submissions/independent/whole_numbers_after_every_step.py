# After each step the pixels are cut to whole numbers, as if they were grey values from 0 to 255. Small
# movements are lost, or become a whole unit towards zero, so the steps are no longer along the gradient;
# the large ones still climb, so a lenient teacher lets it pass.
#
# /// label
# updates = ["pass", "partial"]
# ascent = ["pass", "partial"]
# objective = ["pass", "partial"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(16, (3, 3), padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, (3, 3), padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(16, (3, 3), padding="same", activation="relu", name="conv2d_2"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, (3, 3), padding="same", activation="relu", name="conv2d_3"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

cut_model = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    picture = np.random.uniform(0, 1, size=(1, 28, 28, 1))

    for update in range(gradient_updates):
        input_img = tf.Variable(picture.astype("float32"))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(cut_model(input_img)[:, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))

        picture = picture + step_size * grads.numpy()
        picture = picture.astype(int)  # pixels are integers

    visualized_feature.append(picture.astype("float32"))

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(64):
    plt.subplot(8, 8, i + 1)
    plt.title(f"feature {i}")
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.axis("off")

plt.tight_layout()
plt.show()
