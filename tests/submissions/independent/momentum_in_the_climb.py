# Adds a momentum of 0.9 to the climb, as in training. The gradient is normalised, but the steps that
# accumulate are up to ten times as long as asked for. The filters rise, each with its own image.
#
# /// label
# updates = ["partial", "fail"]
#
# [feedback_mentions]
# updates = ["step"]
#
# [causes]
# updates = "changed_between_steps"
# ///

# %% cnn
model = keras.Sequential([
    keras.Input(shape=(28, 28, 1)),
    layers.Conv2D(12, 3, padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(
    optimizer=keras.optimizers.SGD(learning_rate=0.02, momentum=0.9),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

base = keras.Model(model.inputs, model.get_layer(layer_name).output)
friction = 0.9

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    velocity = tf.zeros_like(input_img)
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(base(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        velocity = friction * velocity + grads
        input_img.assign_add(step_size * velocity)
    visualized_feature.append(input_img.numpy())

# %% plot
figure, axarr = plt.subplots(8, 8, figsize=(12, 12))
counter = 0
for line in axarr:
    for ax in line:
        ax.imshow(deprocess_image(visualized_feature[counter].copy())[0, :, :, 0], cmap="gray")
        ax.set_title(f"feature {counter}", fontsize=8)
        ax.axis("off")
        counter += 1
plt.show()
