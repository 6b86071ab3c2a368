# After every step the pixels are clipped to [0, 1], because an image has no negative grey values. A
# constraint that was not asked for, but a sensible one: 50 steps of the right size, projected. Whether the
# steps are still "as specified" can be argued, and the activation cannot rise as far.
#
# /// label
# ascent = ["pass", "partial"]
# updates = ["pass", "partial"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, padding="same", activation="leaky_relu", name="conv2d_3"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

lower_part = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(lower_part(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
        input_img.assign(tf.clip_by_value(input_img, 0.0, 1.0))  # stay a picture
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i, img in enumerate(visualized_feature, 1):
    plt.subplot(8, 8, i)
    plt.imshow(deprocess_image(img.copy())[0, ..., 0], cmap="gray")
    plt.title(f"feature {i - 1}", fontsize=8)
    plt.axis("off")

plt.show()
