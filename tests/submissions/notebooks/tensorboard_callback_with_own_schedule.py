# Logs for TensorBoard while it trains, and looks at them in the notebook. Right where TensorBoard is
# installed; where it is not, a person has to look at the training.
#
# /// label
# training = ["pass", "review"]
#
# [cells]
# insert = {board = "imports", look = "train"}
# ///

# %% board
%load_ext tensorboard
import datetime

# %% cnn
L = layers
model = keras.Sequential([L.Input(shape=(28, 28, 1), name="image")], name="logged")
for layer in (
    L.Conv2D(12, 3, activation="relu", padding="same", name="conv2d"),
    L.MaxPooling2D(name="pool"),
    L.Conv2D(24, 3, activation="relu", padding="same", name="conv2d_1"),
    L.MaxPooling2D(name="pool_1"),
    L.Conv2D(32, 3, activation="relu", padding="same", name="conv2d_2"),
    L.Conv2D(48, 3, activation="relu", padding="same", name="conv2d_3"),
    L.Flatten(name="flatten"),
    L.Dense(10, activation="softmax", name="probabilities"),
):
    model.add(layer)

# %% train
logs = keras.callbacks.TensorBoard(log_dir="logs/" + datetime.datetime.now().strftime("%H%M%S"), histogram_freq=1)
slower = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * (0.7 if epoch else 1.0))
model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, validation_split=0.1, callbacks=[logs, slower], verbose=2)

# %% look
%tensorboard --logdir logs

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 48
visualized_feature = []

to_conv = keras.Model(model.inputs, model.get_layer(layer_name).output)
start_images = np.random.uniform(size=(number_of_filters, 1, 28, 28, 1)).astype("float32")

for number, start_image in enumerate(start_images):
    x = tf.Variable(start_image)
    for _ in range(gradient_updates):
        with tf.GradientTape() as tape:
            activation = KTF.mean(to_conv(x)[0, :, :, number])
        delta = normalize(tape.gradient(activation, x))
        x.assign_add(delta * step_size)
    visualized_feature.append(x.numpy())

# %% plot
ROWS, COLUMNS = 6, 8
figure = plt.figure(figsize=(12, 10))
for number, x in enumerate(visualized_feature):
    panel = plt.subplot2grid((ROWS, COLUMNS), divmod(number, COLUMNS))
    panel.imshow(deprocess_image(x.copy())[0, :, :, 0], cmap="gray")
    panel.set_title(f"feature {number}", fontsize=9)
    panel.axis("off")
plt.show()
